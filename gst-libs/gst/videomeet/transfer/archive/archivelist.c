/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/archive/archivelist.h"

#include <gst/videomeet/vmerror.h>
#include <string.h>
#include <sys/stat.h>

#define HEAD_SIZE 46
#define UNIX 3 /* who made it: its attributes have a mode */

/* Little-endian, at any address. */
static guint
read16 (const guint8 *at)
{
  return at[0] | (guint) at[1] << 8;
}

static gchar *
show (const guint8 *name, gsize size)
{
  g_autofree gchar *text = g_memdup2 (name, size);

  for (gsize i = 0; i < size; i++)
    if (!text[i])
      text[i] = '\xff'; /* becomes U+FFFD */
  return g_utf8_make_valid (text, size);
}

static gboolean
check_entry (const guint8 *head, gsize name_size, GError **error)
{
  const guint8 *name = head + HEAD_SIZE;
  guint type = head[5] == UNIX ? read16 (head + 40) & S_IFMT : 0;
  gboolean cut = memchr (name, 0, name_size) != NULL;
  g_autofree gchar *shown = NULL;

  if (!cut && (!type || S_ISREG (type) || S_ISDIR (type) || S_ISLNK (type)))
    return TRUE;
  shown = show (name, name_size);
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      cut ? "The name “%s” has a NUL character in it"
          : "“%s” is neither a file nor a folder nor a link",
      shown);
  return FALSE;
}

gboolean
vm_archive_list_take (GByteArray *list, GError **error)
{
  while (list->len >= HEAD_SIZE && memcmp (list->data, "PK\1\2", 4) == 0) {
    gsize name_size = read16 (list->data + 28);
    gsize size = HEAD_SIZE + name_size + read16 (list->data + 30)
                 + read16 (list->data + 32);

    if (list->len < size)
      return TRUE;
    if (!check_entry (list->data, name_size, error))
      return FALSE;
    g_byte_array_remove_range (list, 0, size);
  }
  return TRUE;
}
