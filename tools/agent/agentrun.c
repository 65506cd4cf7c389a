/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/agentrun.h"
#include "cmd/commands.h"
#include "cmd/device.h"
#include "cmd/transfer.h"
#include "options/options-agent.h"
#include "typed/hangup.h"
#include "term/localterm.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define SPEED_TIME (G_USEC_PER_SEC / 2) /* between two measurements */

/* How fast a transfer is. */
typedef struct
{
  gint64 began, looked;
  guint64 first, then; /* bytes */
  gdouble now; /* bytes/s; 0: not measured yet */
} Speed;

/* Events */

static const gchar *
nick_of (GType type, gint value)
{
  GEnumClass *klass = g_type_class_ref (type);
  const gchar *nick = g_enum_get_value (klass, value)->value_nick;

  g_type_class_unref (klass);
  return nick;
}

static JsonObject *
transfer_event (const gchar *name, const VmAgentTransfer *transfer)
{
  JsonObject *event = vmt_event_new (name);

  json_object_set_int_member (event, "transferId", (gint64) transfer->id);
  vmt_event_add_string (
      event, "kind", nick_of (VM_TYPE_AGENT_KIND, transfer->kind));
  json_object_set_boolean_member (event, "incoming", transfer->incoming);
  vmt_event_add_string (event, "deviceId", transfer->device_id);
  vmt_event_add_string (event, "user", transfer->user);
  vmt_event_add_string (event, "name", transfer->name);
  vmt_event_add_string (
      event, "state", vm_transfer_state_to_string (transfer->state));
  json_object_set_int_member (event, "size", (gint64) transfer->size);
  json_object_set_int_member (event, "done", (gint64) transfer->done);
  if (transfer->resumed)
    json_object_set_int_member (event, "resumed", (gint64) transfer->resumed);
  if (transfer->dry_run)
    json_object_set_boolean_member (event, "dryRun", TRUE);
  vmt_event_add_string (event, "lane", transfer->lane);
  vmt_event_add_string (event, "savedPath", transfer->saved_path);
  if (transfer->error) {
    vmt_event_add_string (event, "code", vm_error_get_code (transfer->error));
    vmt_event_add_string (event, "message", transfer->error->message);
  }
  return event;
}

/* Lines */

static Speed *
speed_of (VmtAgentRun *self, const VmAgentTransfer *transfer)
{
  Speed *speed = g_hash_table_lookup (self->speeds, &transfer->id);

  if (!speed) {
    speed = g_new0 (Speed, 1);
    g_hash_table_insert (
        self->speeds, g_memdup2 (&transfer->id, sizeof transfer->id), speed);
  }
  return speed;
}

static gdouble
rate_of (guint64 bytes, gint64 us)
{
  return us > 0 ? (gdouble) bytes * G_USEC_PER_SEC / (gdouble) us : 0;
}

/* From its beginning on. */
static gdouble
average (const Speed *speed, const VmAgentTransfer *transfer)
{
  gint64 us = speed->began ? g_get_monotonic_time () - speed->began : 0;

  return transfer->done > speed->first
             ? rate_of (transfer->done - speed->first, us)
             : 0;
}

static const gchar *
lane_words (const VmAgentTransfer *transfer)
{
  return g_strcmp0 (transfer->lane, "relay") == 0  ? "  by the relay"
         : g_strcmp0 (transfer->lane, "quic") == 0 ? "  direct"
                                                   : "";
}

/* "  3.0 MB/s"; "" while it is not known. */
static gchar *
rate_words (gdouble rate)
{
  g_autofree gchar *text = rate >= 1 ? g_format_size ((guint64) rate) : NULL;

  return text ? g_strdup_printf ("  %s/s", text) : g_strdup ("");
}

static gchar *
left_words (gdouble rate, const VmAgentTransfer *transfer)
{
  g_autofree gchar *time = NULL;

  if (rate < 1 || transfer->done >= transfer->size)
    return g_strdup ("");
  time = vmt_text_time (
      (gint64) ((gdouble) (transfer->size - transfer->done) / rate) + 1);
  return g_strdup_printf ("  %s left", time);
}

static void
measure (Speed *speed, const VmAgentTransfer *transfer)
{
  gint64 now = g_get_monotonic_time ();

  if (!speed->began && transfer->state != VM_TRANSFER_STATE_PENDING) {
    speed->began = speed->looked = now;
    speed->first = speed->then = transfer->done;
  }
  if (!speed->began || now - speed->looked < SPEED_TIME)
    return;
  speed->now = rate_of (transfer->done - speed->then, now - speed->looked);
  speed->looked = now;
  speed->then = transfer->done;
}

static void
tell_resumed (
    VmtAgentRun *self, const VmAgentTransfer *transfer, const gchar *name)
{
  g_autofree gchar *size = g_format_size (transfer->size);
  g_autofree gchar *there = g_format_size (transfer->resumed);

  vmt_output_line (self->output, VMT_STYLE_FAINT,
      "%s: %s of %s are there already; it goes on there.", name, there, size);
}

static void
tell_progress (VmtAgentRun *self, const VmAgentTransfer *transfer)
{
  Speed *speed = speed_of (self, transfer);
  g_autofree gchar *name = vmt_text_safe (transfer->name);
  g_autofree gchar *cut = vmt_text_cut (name, VMT_PROGRESS_NAME_MAX);
  g_autofree gchar *size = g_format_size (transfer->size);
  g_autofree gchar *rate = NULL, *left = NULL, *text = NULL;
  gdouble bytes;

  if (!speed->began && transfer->resumed)
    tell_resumed (self, transfer, name);
  measure (speed, transfer);
  if (!transfer->size)
    return;
  bytes = speed->now >= 1 ? speed->now : average (speed, transfer);
  rate = rate_words (bytes);
  left = left_words (bytes, transfer);
  text = g_strdup_printf ("%s  %u %% of %s%s%s%s", cut,
      (guint) (transfer->done * 100.0 / transfer->size), size, rate, left,
      lane_words (transfer));
  vmt_output_ticker (self->output, text);
}

/* Where its name was taken. */
static gchar *
saved_words (const VmAgentTransfer *transfer)
{
  g_autofree gchar *name = NULL;

  if (!transfer->saved_path
      || strcmp (transfer->saved_path, transfer->name) == 0)
    return g_strdup ("");
  name = vmt_text_safe (transfer->saved_path);
  return g_strdup_printf (", saved as “%s”", name);
}

static void
tell_end (VmtAgentRun *self, const VmAgentTransfer *transfer)
{
  g_autofree gchar *name = vmt_text_safe (transfer->name);
  g_autofree gchar *user = vmt_text_safe (transfer->user);
  g_autofree gchar *size = g_format_size (transfer->size);
  g_autofree gchar *saved = saved_words (transfer);
  g_autofree gchar *rate =
      rate_words (average (speed_of (self, transfer), transfer));

  vmt_output_ticker (self->output, NULL);
  /* that is how one that watches ends */
  if (transfer->error && self->interrupted && self->options->watch)
    return;
  if (transfer->error) {
    g_autofree gchar *why = vmt_text_safe (transfer->error->message);
    g_autofree gchar *text = g_strdup_printf ("%s is not %s: %s.", name,
        transfer->kind == VM_AGENT_KIND_SYNC ? "synced"
        : transfer->incoming                 ? "received"
                                             : "sent",
        why);

    if (!transfer->incoming)
      self->status = VMT_EXIT_FAILED;
    vmt_output_error (self->output, vm_error_get_code (transfer->error), text);
    return;
  }
  if (transfer->kind == VM_AGENT_KIND_SYNC)
    vmt_output_line (self->output, VMT_STYLE_GOOD, "%s: %s", name,
        transfer->dry_run ? "nothing was done" : "the same on both sides");
  else
    vmt_output_line (self->output, VMT_STYLE_GOOD,
        "%s: %s, verified, %s %s%s%s%s", name, size,
        transfer->incoming ? "from" : "to", user, saved, rate,
        lane_words (transfer));
}

/* Signals */

static void
on_transfer (VmAgent *agent, const VmAgentTransfer *transfer, gpointer data)
{
  VmtAgentRun *self = data;

  vmt_output_event (self->output, transfer_event ("transfer", transfer));
  if (transfer->state == VM_TRANSFER_STATE_COMPLETED
      || transfer->state == VM_TRANSFER_STATE_FAILED) {
    tell_end (self, transfer);
    g_hash_table_remove (self->speeds, &transfer->id);
  } else {
    tell_progress (self, transfer);
  }
}

static void
on_session (VmAgent *agent, gboolean incoming, const gchar *device_id,
    const gchar *user, const gchar *lane, gpointer data)
{
  VmtAgentRun *self = data;
  JsonObject *event = vmt_event_new ("session");

  json_object_set_boolean_member (event, "incoming", incoming);
  vmt_event_add_string (event, "deviceId", device_id);
  vmt_event_add_string (event, "user", user);
  vmt_event_add_string (event, "lane", lane);
  vmt_output_event (self->output, event);
}

static void
on_step (VmAgent *agent, const VmAgentStep *step, gpointer data)
{
  VmtAgentRun *self = data;
  JsonObject *event = vmt_event_new ("step");
  g_autofree gchar *path = vmt_text_safe (step->path);
  const gchar *said = step->reason ? step->reason : step->from;
  g_autofree gchar *more = said ? vmt_text_safe (said) : NULL;
  gboolean conflict = g_str_equal (step->type, "conflict");
  gboolean left = g_str_equal (step->type, "left");

  vmt_event_add_string (event, "step", step->type);
  json_object_set_boolean_member (event, "theirs", step->theirs);
  vmt_event_add_string (event, "path", step->path);
  vmt_event_add_string (event, "from", step->from);
  vmt_event_add_string (event, "reason", step->reason);
  json_object_set_int_member (event, "size", (gint64) step->size);
  vmt_output_event (self->output, event);
  /* of an agent that serves others nobody reads each */
  if (!self->options->files && !conflict && !left)
    return;
  vmt_output_line (self->output,
      conflict || left ? VMT_STYLE_STRONG : VMT_STYLE_PLAIN, "%s %-8s %s%s%s%s",
      step->theirs ? "->" : "<-", step->type, path, more ? " (" : "",
      more ? more : "", more ? ")" : "");
}

static void
on_lost (VmAgent *agent, const GError *error, gboolean final, gpointer data)
{
  VmtAgentRun *self = data;
  g_autofree gchar *why = vmt_text_safe (error->message);

  if (final) {
    vmt_agent_run_fail (self, error);
    if (!self->options->files)
      vmt_agent_run_quit (self);
  } else if (!self->lost) {
    g_autofree gchar *text = g_strdup_printf (
        "%s; what runs goes on, and it is tried again until the server is "
        "back.",
        why);

    self->lost = TRUE;
    vmt_output_warning (self->output, vm_error_get_code (error), text);
  }
}

static void
on_ready (VmAgent *agent, GParamSpec *spec, gpointer data)
{
  VmtAgentRun *self = data;
  gboolean ready;

  g_object_get (agent, "ready", &ready, NULL);
  if (!ready || !self->lost)
    return;
  self->lost = FALSE;
  vmt_output_event (self->output, vmt_event_new ("connected"));
  vmt_output_line (
      self->output, VMT_STYLE_GOOD, "Connected to the server again.");
}

static void
on_refused (VmAgent *agent, const GError *error, gpointer data)
{
  VmtAgentRun *self = data;
  g_autofree gchar *why = vmt_text_safe (error->message);
  g_autofree gchar *text = g_strdup_printf ("A session is refused: %s.", why);

  vmt_output_warning (self->output, vm_error_get_code (error), text);
}

static gboolean
on_signal (gpointer data)
{
  VmtAgentRun *self = data;

  if (self->interrupted) {
    vmt_local_reset ();
    _exit (VMT_EXIT_SIGNAL);
  }
  self->interrupted = TRUE;
  g_cancellable_cancel (self->cancellable);
  /* one that sends ends when its transfers have */
  if (!self->options->files)
    vmt_agent_run_quit (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup (gpointer data)
{
  VmtAgentRun *self = data;

  return self->interrupted ? G_SOURCE_CONTINUE : on_signal (data);
}

/* The run */

static void
allow (VmtAgentRun *self)
{
  gchar **given = self->options->allow;

  for (guint i = 0; given && given[i]; i++) {
    g_autofree gchar *name = NULL;
    VmPermissions permissions;

    if (vmt_allow_parse (given[i], &name, &permissions, NULL))
      vm_agent_allow (self->agent, name, permissions);
  }
}

VmtAgentRun *
vmt_agent_run_new (const VmtOptions *options, VmtOutput *output)
{
  VmNode *node = vmt_device_setup (options);
  VmIdentity *identity = vm_node_get_identity (node);
  g_autofree gchar *user = NULL, *device = NULL;
  VmtAgentRun *self;

  if (!identity) {
    vmt_output_error (output, vm_error_to_code (VM_ERROR_IDENTITY),
        "This device has no key, and cannot make one.");
    g_object_unref (node);
    return NULL;
  }
  g_object_get (node, "user", &user, "device", &device, NULL);
  self = g_new0 (VmtAgentRun, 1);
  self->options = options;
  self->output = output;
  self->loop = g_main_loop_new (NULL, FALSE);
  self->cancellable = g_cancellable_new ();
  self->speeds =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->agent = vm_agent_new (identity, options->server, options->room, user);
  g_object_set (self->agent, "device", device, "pin", options->pin, "host-key",
      options->host_key, "receive-folder", options->files_dir, "share-folder",
      options->share_dir, "accept", options->accept, "overwrite",
      options->overwrite, "max-size", options->max_size, "quota",
      options->quota, "stun", options->stun_address, "allow-delete",
      options->allow_delete, "only-asks", options->files != NULL, NULL);
  if (options->policy_set)
    g_object_set (self->agent, "policy", options->policy, NULL);
  allow (self);
  g_signal_connect (self->agent, "transfer", G_CALLBACK (on_transfer), self);
  g_signal_connect (self->agent, "session", G_CALLBACK (on_session), self);
  g_signal_connect (self->agent, "step", G_CALLBACK (on_step), self);
  g_signal_connect (self->agent, "lost", G_CALLBACK (on_lost), self);
  g_signal_connect (self->agent, "refused", G_CALLBACK (on_refused), self);
  g_signal_connect (self->agent, "notify::ready", G_CALLBACK (on_ready), self);
  g_object_unref (node);
  return self;
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  VmtAgentRun *self = data;

  vm_agent_stop_finish (self->agent, result, NULL);
  g_main_loop_quit (self->loop);
}

void
vmt_agent_run_free (VmtAgentRun *self)
{
  vm_agent_stop_async (self->agent, NULL, on_stopped, self);
  g_main_loop_run (self->loop);
  vmt_output_ticker (self->output, NULL);
  g_signal_handlers_disconnect_by_data (self->agent, self);
  g_object_unref (self->agent);
  g_object_unref (self->cancellable);
  g_hash_table_unref (self->speeds);
  g_main_loop_unref (self->loop);
  g_free (self);
}

static gboolean
on_duration (gpointer data)
{
  vmt_agent_run_quit (data);
  return G_SOURCE_REMOVE;
}

void
vmt_agent_run_loop (VmtAgentRun *self)
{
  if (self->options->duration > 0)
    g_timeout_add ((guint) (self->options->duration * 1000), on_duration, self);
  g_unix_signal_add (SIGINT, on_signal, self);
  g_unix_signal_add (SIGTERM, on_signal, self);
  vmt_hangup_add (on_hangup, self);
  g_main_loop_run (self->loop);
  while (g_source_remove_by_user_data (self))
    continue;
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  VmtAgentRun *self = data;
  g_autoptr (GError) error = NULL;

  if (vm_agent_start_finish (VM_AGENT (source), result, &error)) {
    vmt_agent_run_tell_ready (self);
    self->begin (self->begin_data);
  } else if (!self->interrupted) {
    vmt_agent_run_fail (self, error);
    vmt_agent_run_quit (self);
  }
}

void
vmt_agent_run_start_and_loop (
    VmtAgentRun *self, void (*begin) (gpointer user_data), gpointer user_data)
{
  self->begin = begin;
  self->begin_data = user_data;
  vm_agent_start_async (self->agent, NULL, on_started, self);
  vmt_agent_run_loop (self);
}

void
vmt_agent_run_quit (VmtAgentRun *self)
{
  g_main_loop_quit (self->loop);
}

void
vmt_agent_run_fail (VmtAgentRun *self, const GError *error)
{
  g_autofree gchar *why = vmt_text_safe (error->message);
  g_autofree gchar *text =
      g_strdup_printf ("%s%s", why, g_str_has_suffix (why, ".") ? "" : ".");

  self->status = VMT_EXIT_FAILED;
  vmt_output_ticker (self->output, NULL);
  vmt_output_error (self->output, vm_error_get_code (error), text);
}

void
vmt_agent_run_tell_ready (VmtAgentRun *self)
{
  const VmtOptions *options = self->options;
  g_autoptr (VmIdentity) identity = NULL;
  g_autofree gchar *user = NULL;
  g_autofree gchar *room = vmt_text_safe (options->room);
  JsonObject *event = vmt_event_new ("ready");
  VmPolicy policy;

  g_object_get (self->agent, "identity", &identity, "user", &user, "policy",
      &policy, NULL);
  vmt_event_add_string (event, "room", options->room);
  vmt_event_add_string (event, "user", user);
  vmt_event_add_string (
      event, "deviceId", vm_identity_get_device_id (identity));
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_FAINT,
      "In the room %s as %s, device %s.", room, user,
      vm_identity_get_device_id (identity));
  /* otherwise others learn it first, by a refusal */
  if (!options->files && options->accept == VM_ACCEPT_AUTO
      && policy == VM_POLICY_PIN)
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "It takes files of trusted devices only: --allow ID=file,folder lets "
        "another device send, --policy open everybody.");
}
