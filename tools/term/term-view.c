/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* videomeet term view */

#include "cmd/commands.h"
#include "term/localterm.h"
#include "term/term.h"
#include "term/termui.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define CTRL_C 0x03
#define READ_SIZE 1024 /* bytes at once */
#define RETRY_TIME 20 /* ms until what did not fit is typed again */

typedef struct
{
  VmtAgentRun *run;
  VmTerminal *terminal; /* or NULL */
  VmtTermUi *ui; /* or NULL */
  VmtOutput *plain;
  gboolean shown; /* something was */
  guint columns, rows;
  /* of a standard input that is no terminal */
  GByteArray *read; /* and not typed yet */
  guint input, retry; /* sources */
} View;

static gboolean
has_control (View *self)
{
  gboolean control;

  g_object_get (self->terminal, "control", &control, NULL);
  return control;
}

/* At the local terminal */

static void
on_typed (const guint8 *data, gsize size, gpointer user_data)
{
  View *self = user_data;

  if (has_control (self)) {
    if (!vm_terminal_write (self->terminal, data, size))
      vmt_term_ui_say (self->ui, "Too much was typed; some of it is lost.");
  } else if (memchr (data, CTRL_C, size)) {
    vmt_agent_run_quit (self->run);
  } else {
    vmt_term_ui_say (self->ui, "Keys are not sent: Ctrl-] c asks for control, "
                               "Ctrl-C ends the view");
  }
}

static void
on_attention (gpointer user_data)
{
  View *self = user_data;

  vmt_term_ui_say (self->ui, "c asks for control, r gives it back, q ends the "
                             "view, Ctrl-] types Ctrl-]");
}

static void
on_command (gchar key, gpointer user_data)
{
  View *self = user_data;

  switch (key) {
    case 'c':
      vmt_term_ui_say (self->ui, "Asking for control …");
      vm_terminal_set_control (self->terminal, TRUE);
      break;
    case 'r':
      vmt_term_ui_say (self->ui, "Control is given back");
      vm_terminal_set_control (self->terminal, FALSE);
      break;
    case 'q':
      vmt_agent_run_quit (self->run);
      break;
    default:
      vmt_term_ui_say (self->ui, "Go on");
  }
}

static gchar *
on_status (gpointer user_data)
{
  View *self = user_data;
  g_autofree gchar *viewers = vmt_term_tell_viewers (self->terminal);
  g_autofree gchar *controller = vmt_term_get_controller (self->terminal);
  g_autofree gchar *name = vmt_text_safe (self->run->options->target);

  if (has_control (self))
    return g_strdup_printf (
        "you control it: Ctrl-] r gives it back, Ctrl-] q ends | %s | %s", name,
        viewers);
  if (controller)
    return g_strdup_printf ("%s %ux%u | %s controls it | %s | Ctrl-C ends",
        name, self->columns, self->rows, controller, viewers);
  return g_strdup_printf (
      "%s %ux%u | %s | Ctrl-] c asks for control, Ctrl-C ends", name,
      self->columns, self->rows, viewers);
}

static void
on_resized (guint columns, guint rows, gpointer user_data)
{
  /* the size is that of whose terminal it is */
}

static void
on_gone (gpointer user_data)
{
  vmt_agent_run_quit (((View *) user_data)->run);
}

static const VmtTermUiFuncs ui_funcs = {
  .typed = on_typed,
  .attention = on_attention,
  .command = on_command,
  .status = on_status,
  .resized = on_resized,
  .gone = on_gone,
};

static void
give_terminal_back (View *self)
{
  self->run->output = self->plain;
  g_clear_pointer (&self->ui, vmt_term_ui_free);
}

/* A standard input that is no terminal: it is typed as it is read, while this
 * device has control. */

static gboolean on_retry (gpointer data);

static void
type_read (View *self)
{
  if (!self->read->len || !has_control (self))
    return;
  if (vm_terminal_write (self->terminal, self->read->data, self->read->len))
    g_byte_array_set_size (self->read, 0);
  else if (!self->retry)
    self->retry = g_timeout_add (RETRY_TIME, on_retry, self);
}

static gboolean
on_input (gint fd, GIOCondition condition, gpointer data)
{
  View *self = data;
  guint8 bytes[READ_SIZE];
  ssize_t n = read (fd, bytes, sizeof bytes);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n > 0)
    g_byte_array_append (self->read, bytes, (guint) n);
  type_read (self);
  if (n > 0 && !self->read->len)
    return G_SOURCE_CONTINUE;
  self->input = 0;
  return G_SOURCE_REMOVE;
}

static void
look_for_input (View *self)
{
  if (self->ui || isatty (STDIN_FILENO) || self->read->len)
    return;
  if (has_control (self) && !self->input)
    self->input = g_unix_fd_add (
        STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, self);
  else if (!has_control (self))
    g_clear_handle_id (&self->input, g_source_remove);
}

static gboolean
on_retry (gpointer data)
{
  View *self = data;

  self->retry = 0;
  type_read (self);
  look_for_input (self);
  return G_SOURCE_REMOVE;
}

/* The terminal that is viewed */

/* The first that is known of it. */
static void
begin_to_show (View *self)
{
  self->shown = TRUE;
  if (!self->run->options->json && vmt_local_is_terminal ()) {
    self->ui = vmt_term_ui_new (&ui_funcs, self);
    if (self->ui)
      self->run->output = vmt_term_ui_get_output (self->ui);
  }
  if (self->run->options->control)
    vm_terminal_set_control (self->terminal, TRUE);
}

static void
on_screen_resized (
    VmTerminal *terminal, guint columns, guint rows, gpointer data)
{
  View *self = data;
  JsonObject *event = vmt_event_new ("resized");

  self->columns = columns;
  self->rows = rows;
  json_object_set_int_member (event, "columns", columns);
  json_object_set_int_member (event, "rows", rows);
  vmt_output_event (self->run->output, event);
  if (!self->shown)
    begin_to_show (self);
  if (self->ui)
    vmt_term_ui_resize (self->ui, columns, rows);
}

static void
on_output (VmTerminal *terminal, GBytes *bytes, gpointer data)
{
  View *self = data;
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);

  if (self->ui) {
    vmt_term_ui_show (self->ui, bytes);
  } else if (self->run->options->json) {
    JsonObject *event = vmt_event_new ("output");
    g_autofree gchar *copy = g_strndup (text, size);

    vmt_event_add_string (event, "text", copy);
    vmt_output_event (self->run->output, event);
  } else if (fwrite (text, 1, size, stdout) != size || fflush (stdout) != 0) {
    vmt_agent_run_quit (self->run);
  }
}

static void
on_changed (VmTerminal *terminal, GParamSpec *pspec, gpointer data)
{
  View *self = data;

  if (self->ui)
    vmt_term_ui_update (self->ui);
}

static void
on_control (VmTerminal *terminal, GParamSpec *pspec, gpointer data)
{
  View *self = data;
  gboolean control = has_control (self);
  JsonObject *event = vmt_event_new ("control");

  json_object_set_boolean_member (event, "control", control);
  vmt_output_event (self->run->output, event);
  if (self->ui) {
    vmt_term_ui_set_input (self->ui, control);
    if (control)
      vmt_term_ui_say (self->ui, "You control it: what you type goes there");
  }
  look_for_input (self);
}

static void
on_refused (VmTerminal *terminal, const GError *error, gpointer data)
{
  View *self = data;
  g_autofree gchar *why = vmt_text_safe (error->message);
  g_autofree gchar *text = g_strdup_printf ("No control: %s.", why);

  vmt_output_warning (self->run->output, vm_error_get_code (error), text);
}

static void
on_ended (VmTerminal *terminal, gint status, const GError *error, gpointer data)
{
  View *self = data;
  JsonObject *event = vmt_event_new ("term-ended");

  give_terminal_back (self);
  json_object_set_int_member (event, "status", status);
  vmt_output_event (self->run->output, event);
  if (error && !self->run->interrupted)
    vmt_agent_run_fail (self->run, error);
  else if (status >= 0)
    vmt_output_line (self->run->output, VMT_STYLE_FAINT,
        "The command has ended: exit status %d.", status);
  vmt_agent_run_quit (self->run);
}

static void
begin (gpointer user_data)
{
  View *self = user_data;
  VmtAgentRun *run = self->run;

  self->terminal = vm_agent_view_terminal (
      run->agent, run->options->target, run->cancellable);
  g_signal_connect (
      self->terminal, "resized", G_CALLBACK (on_screen_resized), self);
  g_signal_connect (self->terminal, "output", G_CALLBACK (on_output), self);
  g_signal_connect (
      self->terminal, "notify::control", G_CALLBACK (on_control), self);
  g_signal_connect (
      self->terminal, "notify::viewers", G_CALLBACK (on_changed), self);
  g_signal_connect (
      self->terminal, "notify::controller", G_CALLBACK (on_changed), self);
  g_signal_connect (self->terminal, "refused", G_CALLBACK (on_refused), self);
  g_signal_connect (self->terminal, "ended", G_CALLBACK (on_ended), self);
  if (run->options->json)
    vmt_term_news_connect (self->terminal, run);
}

gint
vmt_term_view (const VmtOptions *options, VmtOutput *output)
{
  /* the standard output is for what is shown alone */
  g_autoptr (VmtOutput) aside =
      options->json ? NULL : vmt_output_new (stderr, stderr, FALSE);
  View self = { .plain = aside ? aside : output };
  gint status;

  self.run = vmt_agent_run_new (options, self.plain);
  if (!self.run)
    return VMT_EXIT_FAILED;
  self.read = g_byte_array_new ();
  vmt_agent_run_start_and_loop (self.run, begin, &self);
  while (g_source_remove_by_user_data (&self))
    continue;
  if (self.terminal) {
    g_signal_handlers_disconnect_by_data (self.terminal, &self);
    vmt_term_news_disconnect (self.terminal, self.run);
    give_terminal_back (&self);
  }
  status = self.run->status;
  vmt_agent_run_free (self.run);
  g_clear_object (&self.terminal);
  g_byte_array_unref (self.read);
  return status;
}
