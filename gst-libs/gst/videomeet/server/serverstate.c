/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file in which open rooms outlast a restart. It has what opens a seat, so
 * it is its owner's alone, and gone as soon as it is read. */

#include "server/serverstate.h"
#include "room/roomsave.h"
#include "server/server-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_TYPE "(x" VM_ROOMS_SAVED ")" /* Unix time in µs; the rooms */
#define STATE_MODE 0600
#define OTHERS 0077
#define STATE_MAX (256 * 1024 * 1024) /* bytes */

static gboolean
fail (GError **error, gint number, const gchar *path, const gchar *why)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number), "%s %s",
      path, why);
  return FALSE;
}

/* Under a name that is new: over a file that is there, GLib's call gives what
 * it writes that file's mode in some versions, and whoever reads the file could
 * take the seats. */
static gboolean
write_state (const gchar *path, GVariant *state, GError **error)
{
  g_autofree gchar *part = g_strdup_printf ("%s.%08x", path, g_random_int ());
  gboolean written = g_file_set_contents_full (part, g_variant_get_data (state),
      g_variant_get_size (state), G_FILE_SET_CONTENTS_CONSISTENT, STATE_MODE,
      error);

  if (!written || g_rename (part, path) == 0)
    return written;
  fail (error, errno, path, g_strerror (errno));
  g_unlink (part);
  return FALSE;
}

/* Whose clients come back by what is saved. */
static const VmServerProtocol *
find_saver (VmServer *self)
{
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->save)
      return self->protocols[i];
  }
  return NULL;
}

void
vm_server_save_rooms (VmServer *self)
{
  const VmServerProtocol *saver = find_saver (self);
  g_autoptr (GVariant) rooms = NULL;
  g_autoptr (GVariant) state = NULL;
  g_autoptr (GError) error = NULL;

  if (!self->state_file || !saver)
    return;
  rooms = vm_rooms_save (self->rooms, g_get_monotonic_time (), saver->save);
  state = g_variant_ref_sink (
      g_variant_new ("(x@" VM_ROOMS_SAVED ")", g_get_real_time (), rooms));
  if (!write_state (self->state_file, state, &error))
    g_warning ("the rooms are not kept over a restart: %s", error->message);
}

/* It is written at the end, when it is too late to say so. */
gboolean
vm_server_check_state (const gchar *path, GError **error)
{
  g_autofree gchar *folder = g_path_get_dirname (path);
  const gchar *why = NULL;

  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Rooms cannot be kept in %s: it is a folder; name a file in it", path);
    return FALSE;
  }
  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    why = "it is no folder that is there";
  else if (g_access (folder, W_OK | X_OK) != 0)
    why = g_strerror (errno);
  if (why)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Rooms cannot be kept in %s: %s", folder, why);
  return !why;
}

/* Whoever could write it, or put another in its place, would be given seats by
 * it. The descriptor, or -1. */
static gint
open_state (const gchar *path, GError **error)
{
  /* a FIFO would be waited for */
  gint fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat about;

  if (fd < 0) {
    fail (error, errno, path, g_strerror (errno));
    return -1;
  }
  if (fstat (fd, &about) != 0)
    about = (struct stat){ 0 };
  if (S_ISREG (about.st_mode) && about.st_uid == geteuid ()
      && !(about.st_mode & OTHERS) && about.st_size > 0
      && about.st_size <= STATE_MAX)
    return fd;
  close (fd);
  /* made beforehand, by an installer: there is nothing in it to read or to
   * lose */
  if (S_ISREG (about.st_mode) && about.st_size == 0)
    fail (error, ENOENT, path, "is empty");
  else
    fail (error, EINVAL, path, "is no file that is this user's alone");
  return -1;
}

static GVariant *
read_state (const gchar *path, GError **error)
{
  gint fd = open_state (path, error);
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) state = NULL;

  if (fd < 0)
    return NULL;
  file = g_mapped_file_new_from_fd (fd, FALSE, error);
  close (fd);
  if (!file)
    return NULL;
  bytes = g_mapped_file_get_bytes (file);
  state = g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE (STATE_TYPE), bytes, FALSE));
  if (g_variant_is_normal_form (state)) {
    g_unlink (path);
    return g_steal_pointer (&state);
  }
  fail (error, EINVAL, path, "is not what a server has written");
  return NULL;
}

/* Rooms that nobody can come back to are left where they are. So is what is no
 * file of rooms: whoever named it by mistake has it still when the server
 * ends. */
void
vm_server_load_rooms (VmServer *self)
{
  const VmServerProtocol *saver = find_saver (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) state = NULL;
  g_autoptr (GVariant) rooms = NULL;
  gint64 saved, age;

  if (!self->state_file || !saver)
    return;
  state = read_state (self->state_file, &error);
  if (!state) {
    if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
      g_warning ("the rooms of before are not known, and none are kept: %s",
          error->message);
      g_clear_pointer (&self->state_file, g_free);
    }
    return;
  }
  g_variant_get (state, "(x@" VM_ROOMS_SAVED ")", &saved, &rooms);
  age = g_get_real_time () - saved;
  if (age < 0 || age >= VM_RESUME_TIME)
    return;
  vm_rooms_restore (
      self->rooms, rooms, g_get_monotonic_time () - age, saver->restore, NULL);
}
