/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "smallfile.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static gchar *
fail (const gchar *path, gint number, GError **error)
{
  g_autofree gchar *safe = vmt_text_safe (path);

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number),
      "The file %s cannot be read: %s", safe, g_strerror (number));
  return NULL;
}

/* Until its end, or @max and one more. -1: with errno. */
static gssize
fill (gint fd, gchar *text, gsize max)
{
  gsize size = 0;
  gssize n;

  do {
    n = read (fd, text + size, max + 1 - size);
    size += MAX (n, 0);
  } while ((n > 0 && size <= max) || (n < 0 && errno == EINTR));
  return n < 0 ? -1 : (gssize) size;
}

gchar *
vmt_small_file_read (const gchar *path, gsize max, gsize *size, GError **error)
{
  g_autofree gchar *text = g_malloc (max + 2);
  gint fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  gint number = errno;
  gssize n;

  if (fd < 0)
    return fail (path, number, error);
  n = fill (fd, text, max);
  number = n < 0 ? errno : EFBIG;
  close (fd);
  if (n < 0 || (gsize) n > max)
    return fail (path, number, error);
  text[n] = '\0';
  if (size)
    *size = n;
  return g_steal_pointer (&text);
}
