/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/store/storefile.h"
#include "base/vmprivatefile.h"
#include "trust/keys/vmidentity-priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib/gstdio.h>

#define LOCK_FILE "lock"
#define PART_PREFIX ".part-" /* of a file that is being written */
#define LOCK_RETRY_MS 5

typedef gint Fd;

static void
fd_clear (Fd *fd)
{
  if (*fd >= 0)
    close (*fd);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fd, fd_clear)

static GPrivate shortages; /* of this thread */

guint
vm_store_shortages (void)
{
  return GPOINTER_TO_UINT (g_private_get (&shortages));
}

static void
count_shortage (gint code)
{
  if (code == EMFILE || code == ENFILE || code == ENOMEM)
    g_private_set (&shortages, GUINT_TO_POINTER (vm_store_shortages () + 1));
}

static gboolean
fail_errno (GError **error, const gchar *what, const gchar *folder,
    const gchar *sub, const gchar *name)
{
  gint code = errno;

  count_shortage (code);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
      "%s/%s%s%s cannot be %s: %s", folder, sub ? sub : "", sub ? "/" : "",
      name, what, g_strerror (code));
  return FALSE;
}

/* The user may have moved the store itself and left a link; what is in it is
 * ours alone. */
static Fd
open_folder (const gchar *folder, const gchar *sub)
{
  const gint flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  g_auto (Fd) top = open (folder, flags);

  if (top < 0)
    return -1;
  return openat (top, sub ? sub : ".", flags | O_NOFOLLOW);
}

/* What stands against reading it, in words. */
static const gchar *
fault_of (gint fd, gsize max, gboolean secret)
{
  struct stat st;

  if (fstat (fd, &st) != 0)
    return g_strerror (errno);
  if (!S_ISREG (st.st_mode))
    return "it is no plain file";
  if ((guint64) st.st_size > max)
    return g_strerror (EFBIG);
  return vm_private_file_fault (&st, secret);
}

/* Up to @max bytes and not one more, whatever its size was a moment ago. */
static gchar *
read_all (gint fd, gsize max)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  guint8 part[4096];
  gssize n;

  while ((n = read (fd, part, sizeof part)) != 0) {
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return NULL;
    if (data->len + n > max) {
      errno = EFBIG;
      return NULL;
    }
    g_byte_array_append (data, part, n);
  }
  if (data->len && memchr (data->data, '\0', data->len)) {
    errno = EILSEQ;
    return NULL;
  }
  g_byte_array_append (data, (const guint8 *) "", 1);
  return (gchar *) g_byte_array_free (g_steal_pointer (&data), FALSE);
}

gchar *
vm_store_read (const gchar *folder, const gchar *sub, const gchar *name,
    gsize max, gboolean secret, GError **error)
{
  g_auto (Fd) dir = open_folder (folder, sub);
  g_auto (Fd) fd = -1;
  const gchar *fault = NULL;
  gchar *text = NULL;

  /* a FIFO would be waited for */
  if (dir >= 0)
    fd = openat (dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0)
    fault = fault_of (fd, max, secret);
  if (fd >= 0 && !fault)
    text = read_all (fd, max);
  if (fault)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_PERM,
        "%s/%s%s%s cannot be read: %s", folder, sub ? sub : "", sub ? "/" : "",
        name, fault);
  else if (!text)
    fail_errno (error, "read", folder, sub, name);
  return text;
}

static gboolean
write_all (gint fd, const gchar *text)
{
  gsize size = strlen (text);

  while (size > 0) {
    gssize n = write (fd, text, size);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    text += n;
    size -= n;
  }
  return fsync (fd) == 0;
}

gboolean
vm_store_write (const gchar *folder, const gchar *sub, const gchar *name,
    const gchar *text, GError **error)
{
  g_autofree gchar *part = g_strdup_printf (
      PART_PREFIX "%08x%08x", g_random_int (), g_random_int ());
  g_auto (Fd) top = -1;
  g_auto (Fd) dir = -1;
  g_auto (Fd) fd = -1;

  if (g_mkdir_with_parents (folder, 0700) == 0)
    top = open_folder (folder, NULL);
  if (top >= 0 && sub && mkdirat (top, sub, 0700) != 0 && errno != EEXIST)
    return fail_errno (error, "made", folder, NULL, sub);
  if (top >= 0)
    dir = open_folder (folder, sub);
  if (dir >= 0)
    fd = openat (
        dir, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0 && write_all (fd, text) && renameat (dir, part, dir, name) == 0
      && fsync (dir) == 0 && (!sub || fsync (top) == 0))
    return TRUE;
  fail_errno (error, "written", folder, sub, name);
  if (fd >= 0)
    unlinkat (dir, part, 0);
  return FALSE;
}

gboolean
vm_store_remove (
    const gchar *folder, const gchar *sub, const gchar *name, GError **error)
{
  g_auto (Fd) dir = open_folder (folder, sub);

  if (dir < 0)
    return errno == ENOENT || fail_errno (error, "removed", folder, sub, name);
  if (unlinkat (dir, name, 0) != 0)
    return errno == ENOENT || fail_errno (error, "removed", folder, sub, name);
  return fsync (dir) == 0 || fail_errno (error, "removed", folder, sub, name);
}

static gint
by_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

/* Calls @func for each name in @sub. */
static void
each_name (const gchar *folder, const gchar *sub,
    void (*func) (gint dir, const gchar *name, gpointer data), gpointer data)
{
  Fd fd = open_folder (folder, sub);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (!dir) {
    count_shortage (errno);
    fd_clear (&fd);
    return;
  }
  for (guint i = 0; i < VM_STORE_NAMES_MAX && (entry = readdir (dir)); i++)
    func (dirfd (dir), entry->d_name, data);
  closedir (dir);
}

static void
add_id (gint dir, const gchar *name, gpointer ids)
{
  g_autofree gchar *id = NULL;

  if (strlen (name) != VM_DEVICE_ID_LENGTH + strlen (".pem")
      || !g_str_has_suffix (name, ".pem"))
    return;
  id = g_strndup (name, VM_DEVICE_ID_LENGTH);
  if (vm_device_id_is_valid (id))
    g_ptr_array_add (ids, g_steal_pointer (&id));
}

GPtrArray *
vm_store_ids (const gchar *folder, const gchar *sub)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  each_name (folder, sub, add_id, ids);
  g_ptr_array_sort (ids, by_text);
  return ids;
}

/* What a process left that died while it wrote. */
static void
remove_part (gint dir, const gchar *name, gpointer data)
{
  if (g_str_has_prefix (name, PART_PREFIX))
    unlinkat (dir, name, 0);
}

gint
vm_store_lock (const gchar *folder, guint ms, GError **error)
{
  gint64 until = g_get_monotonic_time () + ms * G_GINT64_CONSTANT (1000);
  g_auto (Fd) dir = -1;
  Fd fd = -1;

  if (g_mkdir_with_parents (folder, 0700) == 0)
    dir = open_folder (folder, NULL);
  if (dir >= 0)
    fd = openat (dir, LOCK_FILE,
        O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  /* flock() has no deadline of its own */
  while (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) != 0) {
    if ((errno == EWOULDBLOCK || errno == EINTR)
        && g_get_monotonic_time () < until) {
      g_poll (NULL, 0, LOCK_RETRY_MS);
      continue;
    }
    fail_errno (error, "locked", folder, NULL, LOCK_FILE);
    fd_clear (&fd);
    return -1;
  }
  if (fd < 0) {
    fail_errno (error, "locked", folder, NULL, LOCK_FILE);
    return -1;
  }
  each_name (folder, NULL, remove_part, NULL);
  each_name (folder, "devices", remove_part, NULL);
  each_name (folder, "tokens", remove_part, NULL);
  return fd;
}

void
vm_store_unlock (gint lock)
{
  if (lock >= 0)
    close (lock);
}
