/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/shared/clusterticket.h"
#include "cluster/clusterpack.h"
#include "base/text.h"

#include <string.h>

#define MAGIC "VMT1"
/* Meeting, its id, user, device id, group, key, PEM of what is presented; how
 * it calls, whether the key is proven. No text: "". */
#define TICKET "(sssssssub)"
#define TEXT_LENGTH 43 /* base64url of 32 bytes */

static const gchar *
or_empty (const gchar *text)
{
  return text ? text : "";
}

GBytes *
vm_cluster_ticket_write (const VmTicket *ticket)
{
  g_autofree gchar *pem =
      ticket->presented ? vm_token_to_pem (ticket->presented) : NULL;

  return vm_cluster_pack (
      MAGIC, g_variant_new (TICKET, ticket->meeting, ticket->meeting_id,
                 or_empty (ticket->user), or_empty (ticket->device_id),
                 or_empty (ticket->group), or_empty (ticket->key),
                 or_empty (pem), (guint) ticket->call_type, ticket->proven));
}

/* A text of a GVariant, NULL where it is empty. */
static gchar *
take (gchar *text)
{
  if (!*text)
    g_clear_pointer (&text, g_free);
  return text;
}

static gboolean
is_name (const gchar *text)
{
  return !text || vm_text_is_name (text, VM_NAME_MAX);
}

static gboolean
is_good (const VmTicket *ticket, guint call_type)
{
  return ticket->meeting && is_name (ticket->meeting) && ticket->meeting_id
         && is_name (ticket->meeting_id) && is_name (ticket->user)
         && is_name (ticket->device_id) && is_name (ticket->group)
         && is_name (ticket->key) && call_type <= VM_CALL_TYPE_AUDIO;
}

static VmTicket *
read_variant (GVariant *variant)
{
  g_autoptr (VmTicket) ticket = g_new0 (VmTicket, 1);
  g_autofree gchar *pem = NULL;
  guint call_type;

  g_variant_get (variant, TICKET, &ticket->meeting, &ticket->meeting_id,
      &ticket->user, &ticket->device_id, &ticket->group, &ticket->key, &pem,
      &call_type, &ticket->proven);
  ticket->meeting = take (ticket->meeting);
  ticket->meeting_id = take (ticket->meeting_id);
  ticket->device_id = take (ticket->device_id);
  ticket->group = take (ticket->group);
  ticket->key = take (ticket->key);
  if (!is_good (ticket, call_type))
    return NULL;
  ticket->call_type = call_type;
  /* such rooms alone are those of a cluster */
  ticket->open = TRUE;
  if (*pem)
    ticket->presented = vm_token_from_pem (pem, -1, NULL);
  return *pem && !ticket->presented ? NULL : g_steal_pointer (&ticket);
}

VmTicket *
vm_cluster_ticket_read (GBytes *bytes)
{
  g_autoptr (GVariant) variant = NULL;

  if (g_bytes_get_size (bytes) > VM_CLUSTER_TICKET_MAX)
    return NULL;
  variant = vm_cluster_unpack (MAGIC, TICKET, bytes);
  return variant ? read_variant (variant) : NULL;
}

gboolean
vm_cluster_ticket_is_text (const gchar *text)
{
  return strlen (text) == TEXT_LENGTH
         && strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                          "0123456789-_")
                == TEXT_LENGTH;
}
