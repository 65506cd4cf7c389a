/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finds devices and sends them files, a few at a time. */

#include "agent/agentrun.h"
#include "cmd/commands.h"
#include "cmd/device.h"
#include "typed/hangup.h"
#include "options/options-files.h"
#include "cmd/recipients.h"
#include "session/session.h"
#include "cmd/target.h"
#include "cmd/transfer.h"

#include <glib-unix.h>
#include <unistd.h>

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmNode *node;
  GMainLoop *loop;
  VmtRecipients *recipients;
  gboolean several; /* receivers: each is named */
  VmFileQueue *queue;
  GHashTable *rates; /* entry → VmtRate, of those that have begun */
  gboolean interrupted;
  gint status;
} Sending;

/* What is told */

static void
tell_failed (
    Sending *self, const gchar *name, const gchar *code, const gchar *why)
{
  g_autofree gchar *text = g_strdup_printf ("%s is not sent: %s%s", name, why,
      g_str_has_suffix (why, ".") ? "" : ".");

  vmt_output_ticker (self->output, NULL);
  vmt_output_error (self->output, code, text);
}

/* "a.iso", or, of several receivers, "a.iso to Ann" */
static gchar *
name_of (Sending *self, const GstStructure *transfer)
{
  g_autofree gchar *name = vmt_transfer_name (transfer);
  g_autofree gchar *to =
      vmt_text_safe (gst_structure_get_string (transfer, "receiver"));

  return self->several ? g_strdup_printf ("%s to %s", name, to)
                       : g_steal_pointer (&name);
}

/* What the user can do about it; NULL: nothing that is known here. (transfer
 * full) */
static gchar *
advise (const GstStructure *transfer)
{
  const gchar *code = gst_structure_get_string (transfer, "code");
  VmError error = VM_ERROR_FAILED;

  vm_error_from_code (code, &error);
  if (error == VM_ERROR_NOT_TRUSTED) {
    g_autofree gchar *to =
        vmt_text_safe (gst_structure_get_string (transfer, "receiver"));

    return g_strdup_printf ("'videomeet trust request %s' asks for trust", to);
  }
  if (error == VM_ERROR_NOT_FOUND
      || (error == VM_ERROR_DISCONNECTED
          && !gst_structure_has_field (transfer, "lane")))
    return g_strdup ("there somebody has to type 'videomeet receive DIR'");
  return NULL;
}

/* Whether what is there is kept there, and more can follow. */
static gboolean
is_only_lost (const GstStructure *transfer)
{
  const gchar *code = gst_structure_get_string (transfer, "code");
  VmError error = VM_ERROR_FAILED;

  vm_error_from_code (code, &error);
  return error == VM_ERROR_DISCONNECTED || error == VM_ERROR_TIMEOUT;
}

static void
tell_unfinished (Sending *self, const GstStructure *transfer, const gchar *why)
{
  g_autofree gchar *name = name_of (self, transfer);
  g_autofree gchar *text = g_strdup_printf (
      "%s is not whole there%s%s; the same command goes on where it was.", name,
      why ? ": " : "", why ? why : "");

  vmt_output_ticker (self->output, NULL);
  vmt_output_error (
      self->output, gst_structure_get_string (transfer, "code"), text);
}

static void
conclude (Sending *self, guint entry, const GstStructure *transfer)
{
  const VmtRate *rate = g_hash_table_lookup (self->rates, &entry);
  g_autofree gchar *name = name_of (self, transfer);
  const gchar *code = gst_structure_get_string (transfer, "code");
  const gchar *why = gst_structure_get_string (transfer, "message");
  g_autofree gchar *safe = vmt_text_safe (why);
  g_autofree gchar *advice = advise (transfer);
  g_autofree gchar *text = g_strjoin ("; ", safe, advice, NULL);

  self->status = VMT_EXIT_FAILED;
  if (self->interrupted) {
    if (rate)
      tell_unfinished (self, transfer, NULL);
  } else if (rate && rate->since && is_only_lost (transfer)) {
    tell_unfinished (self, transfer, safe);
  } else {
    tell_failed (self, name, code, text);
  }
}

static VmtRate *
rate_of (Sending *self, guint entry)
{
  VmtRate *rate = g_hash_table_lookup (self->rates, &entry);

  if (!rate) {
    rate = g_new0 (VmtRate, 1);
    g_hash_table_insert (self->rates, g_memdup2 (&entry, sizeof entry), rate);
  }
  return rate;
}

/* Of several receivers the one that has just changed; the others are as far. */
static void
tell_progress (Sending *self, VmtRate *rate, const GstStructure *transfer)
{
  g_autofree gchar *text = vmt_transfer_progress (transfer, rate);
  g_autofree gchar *warning = vmt_transfer_warning (transfer, rate);
  g_autofree gchar *to = NULL;
  guint unfinished;

  if (warning)
    vmt_output_warning (self->output, NULL, warning);
  g_object_get (self->queue, "unfinished", &unfinished, NULL);
  if (self->several) {
    g_autofree gchar *safe =
        vmt_text_safe (gst_structure_get_string (transfer, "receiver"));

    to = g_strdup_printf ("%s → %s  (%u to go)", text, safe, unfinished);
  }
  vmt_output_ticker (self->output, to ? to : text);
}

static void
on_changed (VmFileQueue *queue, guint entry, const GstStructure *transfer,
    gpointer user_data)
{
  Sending *self = user_data;
  const gchar *state = gst_structure_get_string (transfer, "queue");
  gboolean good = FALSE;

  vmt_output_event (self->output, vmt_transfer_event (transfer));
  if (g_str_equal (state, "failed")) {
    conclude (self, entry, transfer);
  } else if (g_str_equal (state, "done")) {
    g_autofree gchar *text =
        vmt_transfer_result (transfer, rate_of (self, entry), &good);
    g_autofree gchar *to =
        vmt_text_safe (gst_structure_get_string (transfer, "receiver"));

    vmt_output_ticker (self->output, NULL);
    vmt_output_line (self->output, VMT_STYLE_GOOD, "%s%s%s", text,
        self->several ? ", to " : "", self->several ? to : "");
  } else {
    tell_progress (self, rate_of (self, entry), transfer);
  }
  if (g_str_equal (state, "failed") || g_str_equal (state, "done"))
    g_hash_table_remove (self->rates, &entry);
}

static void
on_unfinished (Sending *self)
{
  guint unfinished;

  g_object_get (self->queue, "unfinished", &unfinished, NULL);
  if (!unfinished)
    g_main_loop_quit (self->loop);
}

/* What is done */

static void
add (Sending *self, const gchar *file, const gchar *to)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *safe = NULL;

  if (vm_file_queue_add (self->queue, file, to,
          vmt_options_get_priority (self->options, file), &error))
    return;
  safe = vmt_text_safe (file);
  tell_failed (self, safe, vm_error_get_code (error), error->message);
  self->status = VMT_EXIT_FAILED;
}

static void
fill (Sending *self, GPtrArray *recipients)
{
  const VmtOptions *options = self->options;

  g_object_set (
      self->queue, "max-bitrate", options->max_bitrate, "retries", 0, NULL);
  if (options->max_active)
    g_object_set (self->queue, "max-active", options->max_active, NULL);
  g_signal_connect (self->queue, "changed", G_CALLBACK (on_changed), self);
  for (guint i = 0; i < recipients->len; i++) {
    const VmtRecipient *to = g_ptr_array_index (recipients, i);

    vm_file_queue_set_receiver (self->queue, to->name,
        (const gchar *const *) to->base_uris, to->key_hash);
    for (guint n = 0; options->files[n]; n++)
      add (self, options->files[n], to->name);
  }
  g_signal_connect_swapped (
      self->queue, "notify::unfinished", G_CALLBACK (on_unfinished), self);
  on_unfinished (self);
}

static void
on_recipients (GPtrArray *found, gpointer user_data)
{
  Sending *self = user_data;
  VmIdentity *identity = vm_node_get_identity (self->node);

  if (!identity)
    vmt_output_error (self->output, vm_error_to_code (VM_ERROR_IDENTITY),
        "This device has no key, and cannot make one.");
  if (!identity || vmt_recipients_get_missed (self->recipients))
    self->status = VMT_EXIT_FAILED;
  if (!identity || !found->len) {
    g_main_loop_quit (self->loop);
    return;
  }
  self->queue = vm_file_queue_new (identity);
  g_object_bind_property (
      self->node, "user", self->queue, "user", G_BINDING_SYNC_CREATE);
  fill (self, found);
}

static gboolean
on_signal (gpointer user_data)
{
  Sending *self = user_data;

  /* a large file may just be read as a whole */
  if (self->interrupted && self->queue) {
    vmt_output_ticker (self->output, NULL);
    _exit (VMT_EXIT_SIGNAL);
  }
  self->interrupted = TRUE;
  if (self->queue) {
    vm_file_queue_interrupt (self->queue);
    return G_SOURCE_CONTINUE;
  }
  self->status = VMT_EXIT_FAILED;
  vmt_output_error (self->output, vm_error_to_code (VM_ERROR_CANCELLED),
      "Given up before the device was found; nothing was sent.");
  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup (gpointer user_data)
{
  Sending *self = user_data;

  return self->interrupted ? G_SOURCE_CONTINUE : on_signal (self);
}

static gboolean
set_up (Sending *self, gboolean *browses)
{
  g_autoptr (GError) error = NULL;

  g_object_set (self->node, "announce", VM_ANNOUNCE_OFF, NULL);
  self->recipients = vmt_recipients_new (
      self->options->target, self->node, self->output, &error);
  if (!self->recipients) {
    vmt_output_error (self->output, NULL, error->message);
    self->status = VMT_EXIT_USAGE;
    return FALSE;
  }
  self->several = strchr (self->options->target, ',') != NULL;
  if (vmt_recipients_need_node (self->recipients)) {
    *browses = vm_node_start (self->node, VM_NODE_ROLES_BROWSE, &error);
    if (!*browses) {
      vmt_output_error (
          self->output, vm_error_get_code (error), error->message);
      self->status = VMT_EXIT_FAILED;
    }
  }
  return !error;
}

/* Before anybody is looked for: each that cannot be sent is named, and then
 * none is. */
static gboolean
check_files (Sending *self)
{
  guint bad = 0, n;

  for (n = 0; self->options->files[n]; n++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *safe = vmt_text_safe (self->options->files[n]);
    g_autoptr (VmFileSender) sender = vm_file_sender_new (
        self->options->files[n], VM_FILE_CHUNK_SIZE, &error);

    if (!sender) {
      tell_failed (self, safe, vm_error_get_code (error), error->message);
      bad++;
    }
  }
  if (bad && bad < n)
    vmt_output_warning (
        self->output, NULL, "Nothing was sent: leave out what cannot be sent.");
  return !bad;
}

/* To somebody who is in it. */
static gint
send_in_meeting (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autofree gchar *meeting = NULL, *uri = NULL;
  g_autoptr (GError) error = NULL;

  if (!vmt_target_parse_meeting (options->meeting, &meeting, &uri, &error)) {
    vmt_output_error (output, NULL, error->message);
    return VMT_EXIT_USAGE;
  }
  return vmt_session_run (
      options, output, VM_MEETING_MODE_JOIN, meeting, uri, start_us);
}

gint
vmt_cmd_send (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  Sending self = { .options = options, .output = output };
  gboolean browses = FALSE;

  if (options->server)
    return vmt_agent_send (options, output);
  if (!check_files (&self))
    return VMT_EXIT_FAILED;
  if (options->meeting)
    return send_in_meeting (options, output, start_us);
  self.node = vmt_device_setup (options);
  vmt_device_warn (self.node, output);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.rates = g_hash_table_new_full (g_int_hash, g_int_equal, g_free, g_free);
  if (set_up (&self, &browses)) {
    vmt_recipients_look (self.recipients, on_recipients, &self);
    g_unix_signal_add (SIGINT, on_signal, &self);
    g_unix_signal_add (SIGTERM, on_signal, &self);
    vmt_hangup_add (on_hangup, &self);
    g_main_loop_run (self.loop);
    while (g_source_remove_by_user_data (&self))
      continue;
  }
  if (self.queue)
    g_signal_handlers_disconnect_by_data (self.queue, &self);
  g_clear_object (&self.queue);
  g_clear_pointer (&self.recipients, vmt_recipients_free);
  if (browses)
    vm_node_stop (self.node, VM_NODE_ROLES_BROWSE);
  g_hash_table_unref (self.rates);
  g_main_loop_unref (self.loop);
  g_object_unref (self.node);
  return self.status;
}
