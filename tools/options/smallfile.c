/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/smallfile.h"
#include "ui/output.h"

#include <gst/videomeet/base/vmprivatefile.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static gchar *
refuse (const gchar *path, GFileError code, const gchar *why, GError **error)
{
  g_autofree gchar *safe = vmt_text_safe (path);

  g_set_error (
      error, G_FILE_ERROR, code, "The file %s cannot be read: %s", safe, why);
  return NULL;
}

static gchar *
fail (const gchar *path, gint number, GError **error)
{
  return refuse (
      path, g_file_error_from_errno (number), g_strerror (number), error);
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
  const gchar *fault = NULL;
  struct stat st;
  gssize n;

  if (fd < 0)
    return fail (path, number, error);
  if (fstat (fd, &st) == 0)
    fault = vm_private_file_fault (&st, FALSE);
  if (fault) {
    close (fd);
    return refuse (path, G_FILE_ERROR_PERM, fault, error);
  }
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

gboolean
vmt_small_file_is_secret (const gchar *path, GError **error)
{
  const gchar *fault = NULL;
  struct stat st;

  if (stat (path, &st) == 0)
    fault = vm_private_file_fault (&st, TRUE);
  if (fault)
    refuse (path, G_FILE_ERROR_PERM, fault, error);
  return !fault;
}
