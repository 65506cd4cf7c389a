/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/receivefolder-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

DIR *
vm_receive_open_names (VmReceiveFolder *self, GError **error)
{
  DIR *dir = vm_disk_list (self->dir);

  if (!dir)
    vm_disk_fail (error, "The receiving folder cannot be read");
  return dir;
}

/* What is being received is counted by itself, or a file that came into a full
 * folder would be one too many itself. */
GPtrArray *
vm_receive_list (VmReceiveFolder *self, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *dir = vm_receive_open_names (self, error);
  const gchar *name = NULL;
  guint own = 0;
  gboolean whole;

  if (!dir)
    return NULL;
  while (MAX (own, names->len - own) <= VM_RECEIVE_ENTRIES_MAX
         && (name = vm_disk_next_name (dir))) {
    g_ptr_array_add (names, g_strdup (name));
    own += g_str_has_prefix (name, VM_FILENAME_OWN_PREFIX);
  }
  whole = name || errno == 0
          || vm_disk_fail (error, "The receiving folder cannot be read");
  closedir (dir);
  if (!whole)
    return NULL;
  if (MAX (own, names->len - own) > VM_RECEIVE_ENTRIES_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The receiving folder has more than %d entries",
        VM_RECEIVE_ENTRIES_MAX);
    return NULL;
  }
  return g_steal_pointer (&names);
}

gboolean
vm_receive_is_taken (GPtrArray *names, const gchar *name, const gchar *except)
{
  g_autofree gchar *key = vm_filename_key (name);

  for (guint i = 0; i < names->len; i++) {
    const gchar *there = names->pdata[i];
    g_autofree gchar *other = NULL;

    if (g_strcmp0 (there, except) == 0)
      continue;
    other = vm_filename_key (there);
    if (strcmp (key, other) == 0)
      return TRUE;
  }
  return FALSE;
}

gchar *
vm_receive_free_name (GPtrArray *names, const gchar *name, GError **error)
{
  g_autoptr (GHashTable) keys =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < names->len; i++)
    g_hash_table_add (keys, vm_filename_key (names->pdata[i]));
  for (guint i = 0; i <= VM_RECEIVE_NAMES_MAX; i++) {
    g_autofree gchar *next = i ? vm_filename_number (name, i) : g_strdup (name);
    g_autofree gchar *key = vm_filename_key (next);

    if (!g_hash_table_contains (keys, key))
      return g_steal_pointer (&next);
  }
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
      "%s is there %d times already", name, VM_RECEIVE_NAMES_MAX);
  return NULL;
}

gchar *
vm_receive_sibling (const gchar *name, const gchar *from, const gchar *to)
{
  if (!g_str_has_prefix (name, VM_FILENAME_OWN_PREFIX)
      || !g_str_has_suffix (name, from))
    return NULL;
  return g_strdup_printf (
      "%.*s%s", (gint) (strlen (name) - strlen (from)), name, to);
}

/* With a second name it may be a file of somebody's that is not to be
 * written. */
VmFd
vm_receive_open_own (VmReceiveFolder *self, const gchar *name)
{
  VmFd fd = vm_disk_open (self->dir, name, O_RDWR | O_NONBLOCK);
  struct stat st;

  if (fd < 0)
    return -1;
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && st.st_nlink == 1
      && st.st_uid == geteuid ())
    return fd;
  vm_fd_clear (&fd);
  errno = EPERM;
  return -1;
}
