/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file in which typed lines are remembered. */

#include "ui/history.h"
#include "ui/editor.h"
#include "ui/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0700
#define FILE_MODE 0600
#define PIN_COMMAND "/pin"

/* scheme://USER:PASSWORD@HOST */
static gboolean
has_password (const gchar *line)
{
  const gchar *place = line;

  while ((place = strstr (place, "://"))) {
    place += strlen ("://");
    if (memchr (place, '@', strcspn (place, "/ \t")))
      return TRUE;
  }
  return FALSE;
}

gboolean
vmt_history_may_keep (const gchar *line)
{
  gsize size = strlen (PIN_COMMAND);

  if (g_ascii_strncasecmp (line, PIN_COMMAND, size) == 0
      && !g_ascii_isalnum (line[size]))
    return FALSE;
  return *line && strlen (line) <= VMT_EDITOR_LINE_MAX && !has_password (line);
}

/* Others may neither read nor write it, and a link leads elsewhere. */
static gint
open_private (const gchar *path)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat found;

  if (fd >= 0
      && (fstat (fd, &found) != 0 || !S_ISREG (found.st_mode)
          || found.st_uid != geteuid () || (found.st_mode & 0077))) {
    close (fd);
    return -1;
  }
  return fd;
}

static gchar *
read_end (const gchar *path)
{
  g_autofree gchar *text = g_malloc (VMT_HISTORY_FILE_MAX + 1);
  gint fd = open_private (path);
  gsize size = 0;
  gssize more = 1;

  if (fd < 0)
    return NULL;
  if (lseek (fd, -VMT_HISTORY_FILE_MAX, SEEK_END) < 0)
    lseek (fd, 0, SEEK_SET);
  while (size < VMT_HISTORY_FILE_MAX && more > 0) {
    more = read (fd, text + size, VMT_HISTORY_FILE_MAX - size);
    size += MAX (more, 0);
  }
  close (fd);
  text[size] = '\0';
  return g_steal_pointer (&text);
}

GPtrArray *
vmt_history_read (const gchar *path)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *text = read_end (path);
  g_auto (GStrv) all = text ? g_strsplit (text, "\n", -1) : NULL;

  for (guint i = 0; all && all[i]; i++) {
    g_autofree gchar *safe = vmt_text_safe (all[i]);

    if (vmt_history_may_keep (safe))
      g_ptr_array_add (lines, g_steal_pointer (&safe));
  }
  if (lines->len > VMT_HISTORY_MAX)
    g_ptr_array_remove_range (lines, 0, lines->len - VMT_HISTORY_MAX);
  return lines;
}

gboolean
vmt_history_append (const gchar *path, const GPtrArray *typed, GError **error)
{
  g_autofree gchar *folder = g_path_get_dirname (path);
  g_autoptr (GPtrArray) lines = vmt_history_read (path);
  g_autoptr (GString) text = g_string_new (NULL);
  guint n, skip;

  if (g_mkdir_with_parents (folder, FOLDER_MODE) != 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
        folder, g_strerror (errno));
    return FALSE;
  }
  n = lines->len + typed->len;
  skip = n > VMT_HISTORY_MAX ? n - VMT_HISTORY_MAX : 0;
  for (guint i = skip; i < n; i++) {
    const gchar *line =
        i < lines->len ? lines->pdata[i] : typed->pdata[i - lines->len];

    g_string_append_printf (text, "%s\n", line);
  }
  return g_file_set_contents_full (path, text->str, (gssize) text->len,
      G_FILE_SET_CONTENTS_CONSISTENT, FILE_MODE, error);
}
