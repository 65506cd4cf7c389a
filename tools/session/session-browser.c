/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The page of this device's own user, opened in a browser on this machine: with
 * it the user hosts the meeting, and has camera and microphone there. */

#include "session/session-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_PATTERN "videomeet-host-XXXXXX.html"
#define OPENER "xdg-open"
#define MODE 0600

/* The link of the page, with the user's name filled in: a secret. */
static gchar *
make_link (VmtSession *self, GError **error)
{
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autofree gchar *link =
      vm_node_make_approval_link (node, self->meeting, error);
  g_autofree gchar *user = NULL, *name = NULL;
  const gchar *secret = link ? strchr (link, '#') : NULL;

  if (!secret)
    return NULL;
  g_object_get (node, "user", &user, NULL);
  name = g_uri_escape_string (user, NULL, FALSE);
  return g_strdup_printf (
      "%.*s&user=%s%s", (gint) (secret - link), link, name, secret);
}

/* Others can read what a program was called with: the link stands in a file of
 * this user's alone, which the browser goes on from. */
static gboolean
write_file (VmtSession *self, const gchar *link, GError **error)
{
  const gchar *folder = g_get_user_runtime_dir ();
  g_autofree gchar *path = g_build_filename (folder, FILE_PATTERN, NULL);
  g_autofree gchar *html = g_markup_printf_escaped (
      "<!doctype html><meta charset=\"utf-8\">"
      "<meta name=\"referrer\" content=\"no-referrer\">"
      "<meta http-equiv=\"refresh\" content=\"0; url=%s\">"
      "<title>Meeting</title><p><a href=\"%s\">To the meeting</a></p>\n",
      link, link);
  gboolean written = FALSE;
  gint fd;

  g_mkdir_with_parents (folder, 0700);
  fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, MODE);
  if (fd >= 0) {
    self->browser_file = g_steal_pointer (&path);
    written = write (fd, html, strlen (html)) == (gssize) strlen (html);
    written = close (fd) == 0 && written;
  }
  if (!written)
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "The link for the browser cannot be written to %s: %s", folder,
        g_strerror (errno));
  return written;
}

/* $BROWSER is one command, or several with colons between; a `%s` in it is the
 * address. */
static gchar **
make_command (const gchar *uri, GError **error)
{
  const gchar *wish = g_getenv ("BROWSER");
  g_auto (GStrv) commands = NULL, words = NULL;
  g_autoptr (GStrvBuilder) out = g_strv_builder_new ();
  gboolean placed = FALSE;

  commands = g_strsplit (wish && *wish ? wish : OPENER, ":", 2);
  if (!g_shell_parse_argv (commands[0], NULL, &words, error))
    return NULL;
  for (guint i = 0; words[i]; i++) {
    gboolean here = g_str_equal (words[i], "%s");

    g_strv_builder_add (out, here ? uri : words[i]);
    placed |= here;
  }
  if (!placed)
    g_strv_builder_add (out, uri);
  return g_strv_builder_end (out);
}

static gboolean
start (const gchar *uri, GError **error)
{
  g_auto (GStrv) command = make_command (uri, error);

  return command
         && g_spawn_async (NULL, command, NULL,
             G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL
                 | G_SPAWN_STDERR_TO_DEV_NULL,
             NULL, NULL, NULL, error);
}

void
vmt_session_browser_clear (VmtSession *self)
{
  if (self->browser_file)
    g_unlink (self->browser_file);
  g_clear_pointer (&self->browser_file, g_free);
}

void
vmt_session_open_browser (VmtSession *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *link = NULL, *uri = NULL;
  JsonObject *event;

  if (!self->options->browser || self->browser_opened)
    return;
  self->browser_opened = TRUE;
  link = make_link (self, &error);
  if (!link || !write_file (self, link, &error)) {
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
    return;
  }
  uri = g_filename_to_uri (self->browser_file, NULL, NULL);
  event = vmt_event_new ("browser");
  vmt_event_add_string (event, "page", uri);
  vmt_output_event (self->output, event);
  if (start (uri, &error))
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "Your page opens in a browser on this machine: there you host the "
        "meeting.");
  else
    vmt_output_warning (self->output, NULL, error->message);
  vmt_output_line (self->output, VMT_STYLE_FAINT,
      "If none opens, open this there within ten minutes; it works once:  %s",
      uri);
}
