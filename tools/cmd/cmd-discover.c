/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "cmd/device.h"
#include "typed/hangup.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_WIDE 120 /* that a line of everything takes */
#define TICK_MS 500 /* how often the last line is written anew */

typedef struct
{
  VmtOutput *output;
  GMainLoop *loop;
  guint shown; /* devices known now */
  GHashTable *lines; /* what was written of each, by id and port */
  gboolean failed;
} Discover;

/* The library's line of JSON with the event put before it. */
static JsonObject *
device_event (const gchar *name, VmDevice *device)
{
  g_autofree gchar *json = vm_device_to_json (device);
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  JsonObject *event = vmt_event_new (name);

  if (node && JSON_NODE_HOLDS_OBJECT (node))
    vmt_event_add_members (event, json_node_get_object (node));
  return event;
}

/* As "videomeet status" takes it. */
static gchar *
place_of (VmDevice *device)
{
  const gchar *address = vm_device_get_addresses (device)[0];

  if (!address)
    return g_strdup ("?");
  return g_strdup_printf (strchr (address, ':') ? "[%s]:%u" : "%s:%u", address,
      vm_device_get_port (device));
}

static gchar *
occupation_of (VmDevice *device)
{
  g_autofree gchar *meeting = vmt_text_safe (vm_device_get_meeting (device));

  if (!*meeting)
    return vmt_text_safe (vm_device_get_status (device));
  /* announced minimally: neither its name nor who is there is told */
  if (g_str_equal (meeting, "private") && !vm_device_get_meeting_id (device))
    return g_strdup ("a meeting that is not shown");
  return g_strdup_printf ("meeting %s (%u of %u)", meeting,
      vm_device_get_participants (device),
      vm_device_get_max_participants (device));
}

/* "user" "address:port" "meeting" "id", in columns where they fit into
 * @columns, else in two lines. */
static gchar *
device_line (VmDevice *device, glong columns)
{
  g_autofree gchar *user = vmt_text_safe (vm_device_get_user (device));
  g_autofree gchar *name = vmt_text_safe (vm_device_get_device (device));
  g_autofree gchar *who = g_strdup_printf (
      "%s%s%s", *user ? user : "somebody", *name ? " on " : "", name);
  g_autofree gchar *place = place_of (device);
  g_autofree gchar *what = occupation_of (device);
  g_autofree gchar *id = vmt_text_safe (vm_device_get_id (device));
  const gchar *open = vm_device_get_secure (device) ? "" : "  not encrypted";
  gint gap = 30 - (gint) g_utf8_strlen (who, -1);

  if (columns < COLUMNS_WIDE)
    return g_strdup_printf (
        "%s  %s\n%*s%s  %.9s%s", who, place, VMT_MARGIN, "", what, id, open);
  return g_strdup_printf ("%s%*s  %-24s  %-30s  %.9s%s", who, MAX (0, gap), "",
      place, what, id, open);
}

/* What the node reports on its own thread, told on the main one. */
typedef struct
{
  Discover *self;
  const gchar *event, *mark;
  VmtStyle style;
  gint change; /* of the number of devices */
  VmDevice *device;
  gchar *message;
} Report;

/* Not what reads as it did: much of what changes is only in the JSON. */
static void
tell_people (Discover *self, const Report *report)
{
  const gchar *id = vm_device_get_id (report->device);
  g_autofree gchar *line = device_line (
      report->device, vmt_output_is_terminal (self->output)
                          ? vmt_terminal_get_columns (STDOUT_FILENO)
                          : G_MAXLONG);
  g_autofree gchar *key = g_strdup_printf (
      "%s %u", id ? id : "", vm_device_get_port (report->device));
  gboolean same = g_strcmp0 (g_hash_table_lookup (self->lines, key), line) == 0;

  if (report->change != 0 || !same)
    vmt_output_line (self->output, report->style, "%s %s", report->mark, line);
  if (report->change < 0)
    g_hash_table_remove (self->lines, key);
  else
    g_hash_table_replace (
        self->lines, g_steal_pointer (&key), g_steal_pointer (&line));
}

static gboolean
tell (gpointer user_data)
{
  Report *report = user_data;
  Discover *self = report->self;

  if (report->message)
    vmt_output_warning (self->output, NULL, report->message);
  else {
    self->shown += report->change;
    vmt_output_event (
        self->output, device_event (report->event, report->device));
    tell_people (self, report);
  }
  return G_SOURCE_REMOVE;
}

static void
report_free (gpointer data)
{
  Report *report = data;

  g_clear_object (&report->device);
  g_free (report->message);
  g_free (report);
}

static void
post (Report report)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, tell, g_memdup2 (&report, sizeof report),
      report_free);
}

static void
on_added (VmNode *node, VmDevice *device, gpointer user_data)
{
  post ((Report){ user_data, "added", "+", VMT_STYLE_GOOD, 1,
      g_object_ref (device), NULL });
}

static void
on_changed (VmNode *node, VmDevice *device, gpointer user_data)
{
  post ((Report){ user_data, "changed", "~", VMT_STYLE_PLAIN, 0,
      g_object_ref (device), NULL });
}

static void
on_removed (VmNode *node, VmDevice *device, gpointer user_data)
{
  post ((Report){ user_data, "removed", "-", VMT_STYLE_FAINT, -1,
      g_object_ref (device), NULL });
}

static void
on_warning (
    VmNode *node, const gchar *method, const gchar *message, gpointer user_data)
{
  post ((Report){
      user_data, NULL, NULL, VMT_STYLE_PLAIN, 0, NULL, g_strdup (message) });
}

static gboolean
on_end (gpointer user_data)
{
  Discover *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_tick (gpointer user_data)
{
  Discover *self = user_data;
  g_autofree gchar *text = g_strdup_printf (
      "%u device%s  (Ctrl-C ends)", self->shown, self->shown == 1 ? "" : "s");

  if (vmt_output_is_broken (self->output))
    g_main_loop_quit (self->loop);
  vmt_output_ticker (self->output, text);
  return G_SOURCE_CONTINUE;
}

static void
watch (Discover *self, VmNode *node, const VmtOptions *options, gint64 start_us)
{
  gint64 elapsed_ms = (g_get_monotonic_time () - start_us) / 1000;

  g_timeout_add (TICK_MS, on_tick, self);
  if (options->duration > 0)
    g_timeout_add (
        MAX (0, options->duration * 1000 - elapsed_ms), on_end, self);
  g_main_loop_run (self->loop);
}

gint
vmt_cmd_discover (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autoptr (VmNode) node = vmt_device_setup (options);
  g_autoptr (GError) error = NULL;
  Discover self = { .output = output };
  VmNodeRoles roles = VM_NODE_ROLES_BROWSE;

  if (options->announce_set && options->announce != VM_ANNOUNCE_OFF)
    roles |= VM_NODE_ROLES_ANNOUNCE;
  else
    g_object_set (node, "announce", VM_ANNOUNCE_OFF, NULL);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_signal_connect (node, "device-added", G_CALLBACK (on_added), &self);
  g_signal_connect (node, "device-changed", G_CALLBACK (on_changed), &self);
  g_signal_connect (node, "device-removed", G_CALLBACK (on_removed), &self);
  g_signal_connect (node, "warning", G_CALLBACK (on_warning), &self);
  g_unix_signal_add (SIGINT, on_end, &self);
  g_unix_signal_add (SIGTERM, on_end, &self);
  vmt_hangup_add (on_end, &self);
  vmt_output_line (
      output, VMT_STYLE_FAINT, "Looking for devices. Ctrl-C ends.");
  if (vm_node_start (node, roles, &error)) {
    watch (&self, node, options, start_us);
    g_signal_handlers_disconnect_by_data (node, &self);
    vm_node_stop (node, roles);
  } else {
    g_signal_handlers_disconnect_by_data (node, &self);
    self.failed = TRUE;
    vmt_output_error (output,
        error->domain == VM_ERROR ? vm_error_to_code (error->code) : NULL,
        error->message);
  }
  vmt_output_ticker (output, NULL);
  g_main_loop_unref (self.loop);
  g_hash_table_unref (self.lines);
  return self.failed ? VMT_EXIT_FAILED : VMT_EXIT_OK;
}
