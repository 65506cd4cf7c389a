/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* videomeet term share */

#include "cmd/commands.h"
#include "term/localterm.h"
#include "term/term.h"
#include "term/termdata.h"
#include "term/termui.h"

#include <string.h>

/* Of a command whose user has no terminal. */
#define COLUMNS 80
#define ROWS 24
/* ms, from the wish that the command ends; the library kills it within 1 s */
#define END_TIME 5000

typedef struct
{
  VmtAgentRun *run;
  VmTerminal *terminal; /* or NULL */
  VmtTermData *data; /* or NULL */
  VmtTermUi *ui; /* or NULL */
  VmtOutput *plain; /* of the launcher */
  GCancellable *hang_up; /* ends the command */
  gboolean ended; /* the command */
} Share;

/* At the local terminal */

static void
on_typed (const guint8 *data, gsize size, gpointer user_data)
{
  Share *self = user_data;

  if (!vm_terminal_write (self->terminal, data, size))
    vmt_term_ui_say (self->ui, "The command does not read what is typed.");
}

static void
on_attention (gpointer user_data)
{
  Share *self = user_data;
  g_autofree gchar *controller = vmt_term_get_controller (self->terminal);

  vm_terminal_set_control (self->terminal, FALSE);
  vmt_term_ui_say (self->ui, controller ? "Control is taken back. q ends it "
                                          "all, any other key goes on"
                                        : "q ends the command, Ctrl-] types "
                                          "Ctrl-]; any other key goes on");
}

static void
on_command (gchar key, gpointer user_data)
{
  Share *self = user_data;

  if (key == 'q')
    vmt_agent_run_quit (self->run);
  else
    vmt_term_ui_say (self->ui, "Go on");
}

static gchar *
on_status (gpointer user_data)
{
  Share *self = user_data;
  const VmtOptions *options = self->run->options;
  g_autofree gchar *viewers = vmt_term_tell_viewers (self->terminal);
  g_autofree gchar *controller = vmt_term_get_controller (self->terminal);
  g_autofree gchar *room = vmt_text_safe (options->room);
  g_autofree gchar *user = NULL, *name = NULL;

  if (controller)
    return g_strdup_printf (
        "%s controls it: Ctrl-] takes it back | %s", controller, viewers);
  g_object_get (self->run->agent, "user", &user, NULL);
  name = vmt_text_safe (user);
  return g_strdup_printf (
      "shared in %s as %s | %s | Ctrl-] q ends it", room, name, viewers);
}

static void
on_resized (guint columns, guint rows, gpointer user_data)
{
  Share *self = user_data;

  vm_terminal_resize (self->terminal, columns, rows);
}

static void
on_gone (gpointer user_data)
{
  vmt_agent_run_quit (((Share *) user_data)->run);
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
on_screen_resized (
    VmTerminal *terminal, guint columns, guint rows, gpointer data)
{
  vmt_term_ui_resize (((Share *) data)->ui, columns, rows);
}

static void
on_output (VmTerminal *terminal, GBytes *bytes, gpointer data)
{
  vmt_term_ui_show (((Share *) data)->ui, bytes);
}

static void
on_changed (VmTerminal *terminal, GParamSpec *pspec, gpointer data)
{
  vmt_term_ui_update (((Share *) data)->ui);
}

static void
take_terminal (Share *self)
{
  self->ui = vmt_term_ui_new (&ui_funcs, self);
  if (!self->ui)
    return;
  self->run->output = vmt_term_ui_get_output (self->ui);
  vmt_term_ui_set_input (self->ui, TRUE);
  g_signal_connect (
      self->terminal, "resized", G_CALLBACK (on_screen_resized), self);
  g_signal_connect (self->terminal, "output", G_CALLBACK (on_output), self);
  g_signal_connect (
      self->terminal, "notify::viewers", G_CALLBACK (on_changed), self);
  g_signal_connect (
      self->terminal, "notify::controller", G_CALLBACK (on_changed), self);
}

static void
give_terminal_back (Share *self)
{
  self->run->output = self->plain;
  g_clear_pointer (&self->ui, vmt_term_ui_free);
}

/* The command */

static void
on_ended (VmTerminal *terminal, gint status, const GError *error, gpointer data)
{
  Share *self = data;
  JsonObject *event = vmt_event_new ("term-ended");

  self->ended = TRUE;
  give_terminal_back (self);
  json_object_set_int_member (event, "status", status);
  vmt_output_event (self->run->output, event);
  if (status >= 0)
    self->run->status = status;
  vmt_agent_run_quit (self->run);
}

/* Otherwise others learn it first, by a refusal. */
static void
say_who_may (Share *self)
{
  VmPolicy policy;

  g_object_get (self->run->agent, "policy", &policy, NULL);
  if (policy != VM_POLICY_OPEN && !self->run->options->allow)
    vmt_output_line (self->run->output, VMT_STYLE_FAINT,
        "Only trusted devices see it: --allow ID=terminal:view lets another "
        "device, --policy open everybody in the room.");
}

static void
begin (gpointer user_data)
{
  Share *self = user_data;
  const VmtOptions *options = self->run->options;
  gboolean at_terminal = !options->json && vmt_local_is_terminal ();
  guint columns = COLUMNS, rows = ROWS;
  g_autoptr (GError) error = NULL;

  say_who_may (self);
  if (at_terminal) {
    vmt_local_get_size (&columns, &rows);
    columns = CLAMP (columns, 1, 500);
    rows = CLAMP (rows, 2, 201) - 1;
  }
  self->terminal = vm_agent_share_terminal (self->run->agent,
      (const gchar *const *) options->argv, columns, rows, self->hang_up,
      &error);
  if (!self->terminal) {
    vmt_agent_run_fail (self->run, error);
    vmt_agent_run_quit (self->run);
    return;
  }
  g_signal_connect (self->terminal, "ended", G_CALLBACK (on_ended), self);
  vmt_term_news_connect (self->terminal, self->run);
  self->data = vmt_term_data_new (
      self->run->agent, options->stun_address, self->run->output);
  if (at_terminal)
    take_terminal (self);
}

static gboolean
on_late (gpointer user_data)
{
  vmt_agent_run_quit (((Share *) user_data)->run);
  return G_SOURCE_CONTINUE;
}

/* A command that still runs when sharing it ends is ended, and its status is
 * that of this program. */
static void
end_command (Share *self)
{
  guint late;

  g_signal_handlers_disconnect_by_data (self->terminal, self);
  give_terminal_back (self);
  if (self->ended)
    return;
  g_signal_connect (self->terminal, "ended", G_CALLBACK (on_ended), self);
  late = g_timeout_add (END_TIME, on_late, self);
  g_cancellable_cancel (self->hang_up);
  if (!self->ended)
    g_main_loop_run (self->run->loop);
  g_source_remove (late);
  g_signal_handlers_disconnect_by_data (self->terminal, self);
}

gint
vmt_term_share (const VmtOptions *options, VmtOutput *output)
{
  g_autoptr (GCancellable) hang_up = g_cancellable_new ();
  Share self = { .plain = output, .hang_up = hang_up };
  gint status;

  self.run = vmt_agent_run_new (options, output);
  if (!self.run)
    return VMT_EXIT_FAILED;
  vmt_agent_run_start_and_loop (self.run, begin, &self);
  while (g_source_remove_by_user_data (&self))
    continue;
  if (self.terminal) {
    end_command (&self);
    vmt_term_news_disconnect (self.terminal, self.run);
  }
  g_clear_pointer (&self.data, vmt_term_data_free);
  status = self.run->status;
  vmt_agent_run_free (self.run);
  g_clear_object (&self.terminal);
  return status;
}
