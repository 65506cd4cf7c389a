/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/media/messageseal.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

#define HEAD "{\"seq\":"
#define MAC ",\"mac\":\""
#define TAIL "\"}"

#define DIGITS 16 /* of VM_MESSAGE_SEQUENCE_MAX */
G_STATIC_ASSERT (sizeof HEAD + sizeof MAC + sizeof TAIL - 3 + DIGITS
                     + VM_MESSAGE_MAC_BASE64_SIZE
                 == VM_MESSAGE_SEAL_MAX);

gchar *
vm_message_seal (VmMessageKeys *keys, const gchar *text)
{
  gint64 sequence;
  g_autofree gchar *mac = vm_message_keys_sign (keys, text, &sequence);

  return g_strdup_printf (
      HEAD "%" G_GINT64_FORMAT MAC "%s" TAIL "%s", sequence, mac, text);
}

static gboolean
skip (const gchar **text, const gchar *what)
{
  if (!g_str_has_prefix (*text, what))
    return FALSE;
  *text += strlen (what);
  return TRUE;
}

/* In the one spelling that a number has. */
static gboolean
read_sequence (const gchar **text, gint64 *sequence)
{
  const gchar *at = *text;

  *sequence = 0;
  for (; g_ascii_isdigit (*at) && at - *text < DIGITS; at++)
    *sequence = *sequence * 10 + g_ascii_digit_value (*at);
  if (**text == '0' || at == *text)
    return FALSE;
  *text = at;
  return TRUE;
}

static gchar *
read_mac (const gchar **text)
{
  const gsize size = VM_MESSAGE_MAC_BASE64_SIZE;
  gchar *mac;

  if (strnlen (*text, size) != size)
    return NULL;
  mac = g_strndup (*text, size);
  *text += size;
  return mac;
}

gchar *
vm_message_open (VmMessageKeys *keys, const gchar *text, GError **error)
{
  const gchar *at = text;
  g_autofree gchar *mac = NULL;
  gint64 sequence = 0;

  if (skip (&at, HEAD) && read_sequence (&at, &sequence) && skip (&at, MAC))
    mac = read_mac (&at);
  if (!mac || !skip (&at, TAIL)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The message is not authenticated");
    return NULL;
  }
  return vm_message_keys_verify (keys, at, sequence, mac, NULL, error)
             ? g_strdup (at)
             : NULL;
}
