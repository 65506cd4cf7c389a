/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "term/termserve.h"
#include "term/term.h"
#include "term/termdata.h"

#define COLUMNS 80
#define ROWS 24
/* A command that ends at once is run less and less often. */
#define PAUSE_MIN 1 /* s */
#define PAUSE_MAX 60 /* s */
#define LONG                                                      \
  (10 * G_USEC_PER_SEC) /* that it has run, to begin at the least \
                         */

struct _VmtTermServe
{
  VmtAgentRun *run;
  VmTerminal *terminal; /* or NULL */
  VmtTermData *data;
  guint pause, timer;
  gint64 began;
};

static void begin (VmtTermServe *self);

static void
drop (VmtTermServe *self)
{
  if (!self->terminal)
    return;
  g_signal_handlers_disconnect_by_data (self->terminal, self);
  vmt_term_news_disconnect (self->terminal, self->run);
  g_clear_object (&self->terminal);
}

static gboolean
on_pause_over (gpointer data)
{
  VmtTermServe *self = data;

  self->timer = 0;
  begin (self);
  return G_SOURCE_REMOVE;
}

static void
begin_later (VmtTermServe *self)
{
  if (self->began && g_get_monotonic_time () - self->began >= LONG)
    self->pause = PAUSE_MIN;
  self->timer = g_timeout_add_seconds (self->pause, on_pause_over, self);
  self->pause = MIN (2 * self->pause, PAUSE_MAX);
}

static void
on_ended (VmTerminal *terminal, gint status, const GError *error, gpointer data)
{
  VmtTermServe *self = data;
  JsonObject *event = vmt_event_new ("term-ended");

  json_object_set_int_member (event, "status", status);
  vmt_output_event (self->run->output, event);
  vmt_output_line (self->run->output, VMT_STYLE_FAINT,
      "The command of the terminal has ended: exit status %d.", status);
  drop (self);
  begin_later (self);
}

static void
begin (VmtTermServe *self)
{
  VmtAgentRun *run = self->run;
  g_autoptr (GError) error = NULL;

  self->began = g_get_monotonic_time ();
  self->terminal = vm_agent_share_terminal (run->agent,
      (const gchar *const *) run->options->argv, COLUMNS, ROWS, NULL, &error);
  if (!self->terminal) {
    g_autofree gchar *why = vmt_text_safe (error->message);

    vmt_output_warning (run->output, vm_error_get_code (error), why);
    begin_later (self);
    return;
  }
  g_signal_connect (self->terminal, "ended", G_CALLBACK (on_ended), self);
  vmt_term_news_connect (self->terminal, run);
}

VmtTermServe *
vmt_term_serve_new (VmtAgentRun *run)
{
  VmtTermServe *self = g_new0 (VmtTermServe, 1);

  self->run = run;
  self->data =
      vmt_term_data_new (run->agent, run->options->stun_address, run->output);
  self->pause = PAUSE_MIN;
  begin (self);
  return self;
}

void
vmt_term_serve_free (VmtTermServe *self)
{
  drop (self);
  g_clear_handle_id (&self->timer, g_source_remove);
  vmt_term_data_free (self->data);
  g_free (self);
}
