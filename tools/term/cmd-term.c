/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shares a terminal with others in a room, or shows one that is shared; and
 * what both say of it. */

#include "cmd/commands.h"
#include "term/term.h"

#include <string.h>

gint
vmt_cmd_term (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  return options->target ? vmt_term_view (options, output)
                         : vmt_term_share (options, output);
}

gchar *
vmt_term_tell_viewers (VmTerminal *terminal)
{
  g_auto (GStrv) viewers = NULL;
  g_autofree gchar *list = NULL;
  g_autofree gchar *safe = NULL;
  guint n;

  g_object_get (terminal, "viewers", &viewers, NULL);
  n = viewers ? g_strv_length (viewers) : 0;
  if (!n)
    return g_strdup ("nobody watches");
  list = g_strjoinv (", ", viewers);
  safe = vmt_text_safe (list);
  return g_strdup_printf ("%u watch%s: %s", n, n == 1 ? "es" : "", safe);
}

gchar *
vmt_term_get_controller (VmTerminal *terminal)
{
  g_autofree gchar *controller = NULL;

  g_object_get (terminal, "controller", &controller, NULL);
  return controller ? vmt_text_safe (controller) : NULL;
}

static void
on_viewers (VmTerminal *terminal, GParamSpec *pspec, gpointer data)
{
  VmtAgentRun *run = data;
  JsonObject *event = vmt_event_new ("viewers");
  JsonArray *array = json_array_new ();
  g_auto (GStrv) viewers = NULL;
  g_autofree gchar *text = vmt_term_tell_viewers (terminal);

  g_object_get (terminal, "viewers", &viewers, NULL);
  for (guint i = 0; viewers && viewers[i]; i++)
    json_array_add_string_element (array, viewers[i]);
  json_object_set_array_member (event, "viewers", array);
  vmt_output_event (run->output, event);
  *text = g_ascii_toupper (*text);
  vmt_output_line (run->output, VMT_STYLE_PLAIN, "%s.", text);
}

static void
on_controller (VmTerminal *terminal, GParamSpec *pspec, gpointer data)
{
  VmtAgentRun *run = data;
  JsonObject *event = vmt_event_new ("controller");
  g_autofree gchar *controller = NULL;
  g_autofree gchar *safe = vmt_term_get_controller (terminal);

  g_object_get (terminal, "controller", &controller, NULL);
  vmt_event_add_string (event, "controller", controller);
  vmt_output_event (run->output, event);
  if (safe)
    vmt_output_line (
        run->output, VMT_STYLE_STRONG, "%s controls the terminal.", safe);
  else
    vmt_output_line (
        run->output, VMT_STYLE_STRONG, "Nobody else controls the terminal.");
}

static void
on_asked (VmTerminal *terminal, const gchar *user, const GError *refused,
    gpointer data)
{
  VmtAgentRun *run = data;
  JsonObject *event = vmt_event_new ("asked");
  g_autofree gchar *safe = vmt_text_safe (user);

  vmt_event_add_string (event, "user", user);
  if (refused) {
    vmt_event_add_string (event, "code", vm_error_get_code (refused));
    vmt_event_add_string (event, "message", refused->message);
  }
  vmt_output_event (run->output, event);
  if (refused) {
    g_autofree gchar *why = vmt_text_safe (refused->message);

    vmt_output_line (run->output, VMT_STYLE_STRONG,
        "%s asks for control, and does not get it: %s.", safe, why);
  }
}

void
vmt_term_news_connect (VmTerminal *terminal, VmtAgentRun *run)
{
  g_signal_connect (terminal, "notify::viewers", G_CALLBACK (on_viewers), run);
  g_signal_connect (
      terminal, "notify::controller", G_CALLBACK (on_controller), run);
  g_signal_connect (terminal, "asked", G_CALLBACK (on_asked), run);
}

void
vmt_term_news_disconnect (VmTerminal *terminal, VmtAgentRun *run)
{
  g_signal_handlers_disconnect_by_data (terminal, run);
}
