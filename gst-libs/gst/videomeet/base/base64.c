/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/base64.h"

#include <string.h>

gboolean
vm_base64_read (const gchar *text, guint8 *data, gsize size)
{
  g_autofree guint8 *read = NULL;
  g_autofree gchar *again = NULL;
  gsize n = 0;

  if (strlen (text) != (size + 2) / 3 * 4)
    return FALSE;
  read = g_base64_decode (text, &n);
  if (n != size)
    return FALSE;
  again = g_base64_encode (read, n);
  if (strcmp (again, text) != 0)
    return FALSE;
  memcpy (data, read, size);
  return TRUE;
}

GBytes *
vm_base64_read_bytes (const gchar *text, gsize max)
{
  gsize length = strlen (text);
  gsize padding = length && text[length - 1] == '=';
  g_autofree guint8 *data = NULL;
  gsize size;

  if (length % 4 || length / 4 > max / 3 + 1)
    return NULL;
  if (padding && text[length - 2] == '=')
    padding = 2;
  size = length / 4 * 3 - padding;
  data = g_malloc (size + 1);
  if (size > max || !vm_base64_read (text, data, size))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&data), size);
}

gboolean
vm_base64url_read (const gchar *text, guint8 *data, gsize size)
{
  g_autofree gchar *padded = NULL;

  /* what the other alphabet has would be taken for what it stands for */
  if (strlen (text) != (size * 4 + 2) / 3 || strpbrk (text, "+/="))
    return FALSE;
  padded = g_strconcat (text, &"=="[size % 3 ? size % 3 - 1 : 2], NULL);
  g_strdelimit (padded, "-", '+');
  g_strdelimit (padded, "_", '/');
  return vm_base64_read (padded, data, size);
}

gchar *
vm_base64url_write (const guint8 *data, gsize size)
{
  gchar *text = g_base64_encode (data, size);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}
