/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "options/options-priv.h"
#include "session/session-nearby.h"
#include "session/session-priv.h"
#include "cmd/target.h"
#include "cmd/device.h"
#include "devices/pipewire.h"
#include "typed/hangup.h"
#include "ui/ask.h"
#include "ui/digits.h"
#include "cmd/receiver.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#define BYE_WAIT (2 * G_TIME_SPAN_SECOND) /* for the bin to say bye */
#define LEAVE_WAIT_MS 10000 /* for everything; then the process just ends */
#define TICK_MS 1000
#define VMT_PIN_TRIES 3 /* PINs that are asked for */
#define VMT_PIN_WAIT 300 /* s, for one */
/* µs between two: the host answers no sooner (security.md#limits) */
#define VMT_PIN_PAUSE G_USEC_PER_SEC
#define STATS_TICKS 5 /* how often statistics are read */

void
vmt_session_set_ended (VmtSession *self)
{
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

void
vmt_session_read_stats (VmtSession *self)
{
  GstStructure *stats = NULL;

  g_object_get (self->signalbin, "stats", &stats, NULL);
  if (stats)
    vmt_roster_take_stats (self->roster, stats);
  g_clear_pointer (&stats, gst_structure_free);
}

/* What then comes to an end is no meeting: nobody has been in it. */
gboolean
vmt_session_is_refused (const VmtSession *self)
{
  return self->failed && !self->joined;
}

static void
print_summary (VmtSession *self)
{
  gint64 now = g_get_monotonic_time ();
  JsonObject *event;
  g_autoptr (GPtrArray) lines = NULL;

  /* it goes on */
  if (self->pin_wanted || self->again)
    return;
  event = vmt_event_new ("summary");
  lines = vmt_roster_to_lines (self->roster, self->options->verbose);

  vmt_event_add_string (event, "meeting", self->meeting);
  json_object_set_int_member (
      event, "durationMs", (now - self->start_us) / 1000);
  json_object_set_int_member (
      event, "callMs", self->call_us ? (now - self->call_us) / 1000 : 0);
  json_object_set_array_member (
      event, "participants", vmt_roster_to_json (self->roster));
  vmt_output_event (self->output, event);
  if (vmt_session_delivers (self))
    return;
  if (vmt_session_is_call (self) && !self->call_us) {
    /* else it was said why */
    if (!self->failed)
      vmt_output_line (self->output, VMT_STYLE_STRONG, "There was no call.");
    return;
  }
  if (self->goes_on && !self->failed && !vmt_session_is_call (self)) {
    g_autofree gchar *meeting = vmt_text_safe (self->meeting);

    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "You have left the meeting %s.", meeting);
  }

  if (self->call_us) {
    g_autofree gchar *time =
        vmt_text_time ((now - self->call_us) / G_TIME_SPAN_SECOND);

    vmt_output_line (
        self->output, VMT_STYLE_STRONG, "In the call for %s.", time);
  } else if (self->sought)
    vmt_output_line (
        self->output, VMT_STYLE_STRONG, "The meeting was not joined.");
  else if (!vmt_session_is_refused (self))
    vmt_output_line (self->output, VMT_STYLE_STRONG, "%s",
        lines->len ? "This device was connected to nobody."
                   : "Nobody else was there.");
  for (guint i = 0; i < lines->len; i++)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s",
        (const gchar *) g_ptr_array_index (lines, i));
}

static void
tell_lost_records (VmtSession *self)
{
  g_autoptr (GPtrArray) lost = vmt_roster_list_lost_records (self->roster);

  for (guint i = 0; i < lost->len; i++) {
    g_autofree gchar *text = g_strdup_printf ("Not recorded, or not whole: %s",
        (const gchar *) g_ptr_array_index (lost, i));

    vmt_output_error (self->output, NULL, text);
  }
}

static gboolean
quit_loop (gpointer user_data)
{
  VmtSession *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

/* Everything of leaving that may block, away from the main loop: it goes on
 * telling what happens meanwhile. */
static gpointer
leave_thread (gpointer user_data)
{
  VmtSession *self = user_data;
  gint64 deadline = g_get_monotonic_time () + BYE_WAIT;

  gst_element_send_event (self->signalbin, gst_event_new_eos ());
  if (self->grid)
    vmt_grid_end (self->grid);
  g_mutex_lock (&self->lock);
  while (!self->ended)
    if (!g_cond_wait_until (&self->cond, &self->lock, deadline))
      break;
  g_mutex_unlock (&self->lock);
  vmt_pipewire_end (self->pipeline);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  g_idle_add (quit_loop, self);
  return NULL;
}

static gboolean
on_leave_deadline (gpointer user_data)
{
  VmtSession *self = user_data;

  vmt_output_error (self->output, "TIMEOUT",
      "Leaving took longer than 10 s; giving up on the rest.");
  tell_lost_records (self);
  print_summary (self);
  vmt_session_restore_terminal ();
  _exit (1);
}

void
vmt_session_leave (VmtSession *self)
{
  GThread *thread;

  if (self->leaving)
    return;
  self->leaving = TRUE;
  /* a host of fewer others ends it by leaving
   * (protocol/meeting.md#succession) */
  self->goes_on =
      !self->over && vmt_roster_count (self->roster) >= (self->hosting ? 2 : 1);
  vmt_output_ticker (self->output, NULL);
  if (vmt_session_is_call (self))
    vmt_session_call_leave (self);
  if (!self->joined && self->mode == VM_MEETING_MODE_JOIN && !self->failed
      && !self->pin_wanted) {
    self->failed = TRUE;
    vmt_output_error (self->output, "TIMEOUT",
        vmt_session_is_call (self)
            ? "The server did not answer in that time."
            : "The meeting was not joined in that time.");
  }
  if (!vmt_session_is_refused (self) && !self->sought && !self->pin_wanted
      && !self->again)
    vmt_output_line (self->output, VMT_STYLE_FAINT, "Leaving.");
  vmt_session_read_stats (self);
  vmt_session_devices_close (self);
  g_timeout_add (LEAVE_WAIT_MS, on_leave_deadline, self);
  thread = g_thread_new ("vmt-leave", leave_thread, self);
  g_thread_unref (thread);
}

/* Whoever named the dialect, or heard what a server of rooms says, has found
 * the server that was meant. */
static gboolean
may_be_native (VmtSession *self, const gchar *code)
{
  return !vmt_session_is_call (self) && !self->options->dialect
         && (!code || !g_str_has_prefix (code, "CAP_"));
}

void
vmt_session_fail (VmtSession *self, const gchar *code, const gchar *message)
{
  g_autofree gchar *advice = NULL;
  g_autofree gchar *native = NULL;

  /* what breaks while the pipeline is taken down is no news */
  if (self->leaving)
    return;
  if (g_strcmp0 (code, vm_error_to_code (VM_ERROR_WRONG_PIN)) == 0
      && !self->joined && self->may_ask_pin && !vmt_session_delivers (self)
      && vmt_can_ask (self->output)) {
    vmt_output_line (self->output, VMT_STYLE_STRONG, "%s%s", message,
        g_str_has_suffix (message, ".") ? "" : ".");
    vmt_session_want_pin (self, NULL);
    return;
  }
  self->failed = TRUE;
  if (self->mode == VM_MEETING_MODE_JOIN && !self->joined
      && g_strcmp0 (code, vm_error_to_code (VM_ERROR_KEY_CHANGED)) == 0)
    self->refused_key = g_strdup (message);
  if (self->mode == VM_MEETING_MODE_JOIN
      && g_strcmp0 (code, vm_error_to_code (VM_ERROR_NOT_TRUSTED)) == 0)
    message = advice =
        vmt_session_trust_advise (self->trust, message, self->uri);
  vmt_output_error (self->output, code, message);
  if (self->mode == VM_MEETING_MODE_JOIN && !self->joined && !self->uri
      && g_strcmp0 (code, vm_error_to_code (VM_ERROR_TIMEOUT)) == 0)
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "'videomeet discover' shows the meetings there are%s.",
        self->options->pin
            ? ""
            : "; one with a PIN is found only by its PIN: --pin");
  if (self->uri && !self->joined && may_be_native (self, code)
      && (native = vmt_target_as_native (self->uri)))
    vmt_output_line (self->output, VMT_STYLE_PLAIN,
        "If that is a videomeet device:  videomeet join %s", native);
  vmt_session_leave (self);
}

void
vmt_session_want_pin (VmtSession *self, const gchar *pin)
{
  self->pin_wanted = TRUE;
  self->pin = g_strdup (pin);
  vmt_session_leave (self);
}

void
vmt_session_begin_anew (VmtSession *self)
{
  vmt_output_line (self->output, VMT_STYLE_FAINT, "Joining the meeting anew.");
  self->again = TRUE;
  vmt_session_leave (self);
}

void
vmt_session_give_up (VmtSession *self)
{
  self->sought = !self->joined && self->mode == VM_MEETING_MODE_JOIN;
  /* a user who gives up waiting has not failed */
  self->joined = self->given_up = TRUE;
  vmt_session_leave (self);
}

static gboolean
on_signal (gpointer user_data)
{
  VmtSession *self = user_data;

  if (self->interrupted) {
    vmt_output_ticker (self->output, NULL);
    vmt_session_restore_terminal ();
    _exit (VMT_EXIT_SIGNAL);
  }
  self->interrupted = TRUE;
  /* it may be leaving already, because the meeting is over */
  if (self->leaving)
    return G_SOURCE_CONTINUE;
  vmt_session_give_up (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup (gpointer user_data)
{
  VmtSession *self = user_data;

  return self->leaving ? G_SOURCE_CONTINUE : on_signal (self);
}

static gboolean
on_duration (gpointer user_data)
{
  VmtSession *self = user_data;

  if (vmt_session_is_call (self))
    vmt_session_call_time_out (self);
  vmt_session_leave (self);
  return G_SOURCE_REMOVE;
}

void
vmt_session_show_ticker (VmtSession *self)
{
  guint others = vmt_roster_count (self->roster);
  g_autofree gchar *time = NULL, *text = NULL;

  if (self->leaving)
    return;
  if ((text = vmt_session_files_progress (self->files))) {
    vmt_output_ticker (self->output, text);
    return;
  }
  if (vmt_session_is_call (self)) {
    text = vmt_session_call_ticker (self);
  } else if (self->call_us && others) {
    time = vmt_text_time (
        (g_get_monotonic_time () - self->call_us) / G_TIME_SPAN_SECOND);
    text = g_strdup_printf ("%s  %u other%s here  (Ctrl-C leaves)", time,
        others, others == 1 ? "" : "s");
  } else
    text = g_strdup_printf ("%s  (Ctrl-C leaves)", !self->joined ? "Looking"
                                                   : others
                                                       ? "Connecting"
                                                       : "Waiting for others");
  vmt_output_ticker (self->output, text);
}

static gboolean
on_tick (gpointer user_data)
{
  VmtSession *self = user_data;
  guint others = vmt_roster_count (self->roster);
  gint64 now = g_get_monotonic_time ();

  if (self->leaving)
    return G_SOURCE_CONTINUE;
  if (vmt_output_is_broken (self->output))
    vmt_session_leave (self);
  if (others && (now - self->start_us) / G_TIME_SPAN_SECOND % STATS_TICKS == 0)
    vmt_session_read_stats (self);
  vmt_session_keep_terminal (self);
  vmt_session_tell_late (self);
  vmt_session_devices_tick (self);
  vmt_session_files_tick (self->files);
  vmt_session_deliver (self);
  vmt_session_show_ticker (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_bus (GstBus *bus, GstMessage *message, gpointer user_data)
{
  vmt_session_handle_message (user_data, message);
  return G_SOURCE_CONTINUE;
}

/* On the node's thread. What else it warns of is for who looks for devices. */
static void
on_node_warning (VmNode *node, const gchar *method, const gchar *message,
    GstElement *pipeline)
{
  g_autoptr (GError) warning = NULL;

  if (!g_str_equal (method, "interfaces"))
    return;
  warning = g_error_new_literal (VM_ERROR, VM_ERROR_NO_NETWORK, message);
  gst_element_post_message (
      pipeline, gst_message_new_warning (GST_OBJECT (pipeline), warning, NULL));
}

static gboolean
make_files (VmtSession *self, GError **error)
{
  const VmtSessionFilesPlace place = { self->options, self->output,
    self->roster, self->pipeline, self->signalbin, &self->typed_over,
    &self->given_up, vmt_session_is_free, self };

  self->files = vmt_session_files_new (&place, error);
  return self->files != NULL;
}

static gboolean
build (VmtSession *self, GError **error)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();

  self->pipeline = gst_object_ref_sink (gst_pipeline_new ("videomeet"));
  /* a sound card that is unplugged would take its clock along */
  gst_pipeline_use_clock (GST_PIPELINE (self->pipeline), clock);
  /* what is said while leaving is read after the pipeline has stopped */
  gst_pipeline_set_auto_flush_bus (GST_PIPELINE (self->pipeline), FALSE);
  if (!vmt_session_make_bin (self, error))
    return FALSE;
  vmt_session_devices_open (self);
  if (!vmt_session_make_grid (self, error))
    return FALSE;
  if (!make_files (self, error))
    return FALSE;
  if (vmt_session_delivers (self))
    return TRUE;
  vmt_receiver_watch (
      self->signalbin, self->pipeline, self->roster, self->grid);
  return vmt_session_add_source (self, error);
}

/* The name may be wrong: what there is is said while it goes on looking. */
static gboolean
on_nearby (gpointer user_data)
{
  VmtSession *self = user_data;
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autolist (VmDevice) devices = vm_node_list_devices (node);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (VmtNearby));

  for (GList *l = devices; l; l = l->next) {
    VmtNearby one = { vm_device_get_meeting (l->data),
      vm_device_get_user (l->data), vm_device_get_device (l->data) };

    if (one.meeting && *one.meeting)
      g_array_append_val (found, one);
  }
  if (!self->joined && !self->leaving && self->unknown_hosts.length == 0)
    vmt_nearby_tell (
        self->output, self->meeting, self->options->pin != NULL, found);
  return G_SOURCE_REMOVE;
}

static void
watch_nearby (VmtSession *self)
{
  gint64 elapsed_ms = (g_get_monotonic_time () - self->try_us) / 1000;

  if (self->mode == VM_MEETING_MODE_JOIN && !self->uri)
    g_timeout_add (MAX (0, VMT_NEARBY_MS - elapsed_ms), on_nearby, self);
}

/* A state change that fails has its reason on the bus. */
static void
start (VmtSession *self, GstBus *bus)
{
  g_autoptr (GstMessage) message = NULL;

  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING)
      != GST_STATE_CHANGE_FAILURE)
    return;
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  if (message)
    vmt_session_handle_message (self, message);
  if (!self->leaving)
    vmt_session_fail (self, NULL, "The pipeline cannot be started.");
}

static void
run_loop (VmtSession *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  gint64 elapsed_us = g_get_monotonic_time () - self->start_us;
  GstMessage *message;

  g_unix_signal_add (SIGINT, on_signal, self);
  g_unix_signal_add (SIGTERM, on_signal, self);
  vmt_hangup_add (on_hangup, self);
  g_timeout_add (TICK_MS, on_tick, self);
  gst_bus_add_watch (bus, on_bus, self);
  if (self->options->duration > 0)
    g_timeout_add (MAX (0, self->options->duration * 1000 - elapsed_us / 1000),
        on_duration, self);
  if (!vmt_session_delivers (self))
    vmt_session_read_typed (self);
  vmt_roster_start (self->roster);
  watch_nearby (self);
  start (self, bus);
  g_main_loop_run (self->loop);

  while ((message = gst_bus_pop (bus))) {
    vmt_session_handle_message (self, message);
    gst_message_unref (message);
  }
  gst_bus_remove_watch (bus);
  /* signals, ticks and deadlines: all have the session as their data */
  while (g_source_remove_by_user_data (self))
    continue;
  vmt_session_stop_typed (self);
  vmt_session_browser_clear (self);
  vmt_session_call_clear (self);
}

/* Why, and how, a meeting begins anew. */
typedef struct
{
  gboolean pin_wanted;
  gchar *pin; /* NULL: it is to be asked for */
  gboolean again; /* as it was */
  gchar *refused_key; /* the host has another key, in words; or NULL */
} Next;

static gint
run_once (const VmtOptions *options, VmtOutput *output, VmMeetingMode mode,
    const gchar *meeting, const gchar *uri, gint64 start_us, guint tries,
    VmtChangedKeys *changed, Next *next)
{
  VmtSession self = {
    .options = options, .output = output, .mode = mode, .changed = changed
  };
  g_autoptr (VmNode) node = vmt_device_setup (options);
  g_autoptr (GError) error = NULL;

  self.start_us = start_us;
  self.try_us = tries ? g_get_monotonic_time () : start_us;
  self.may_ask_pin = tries < VMT_PIN_TRIES && mode == VM_MEETING_MODE_JOIN
                     && !vmt_session_is_call (&self);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.roster = vmt_roster_new ();
  self.uri = uri;
  self.meeting = uri ? vmt_target_get_name (uri) : g_strdup (meeting);
  g_mutex_init (&self.lock);
  g_cond_init (&self.cond);
  if (!self.meeting)
    g_object_get (node, "user", &self.meeting, NULL);
  if (build (&self, &error)) {
    gulong handler = g_signal_connect_object (
        node, "warning", G_CALLBACK (on_node_warning), self.pipeline, 0);

    self.trust = vmt_session_trust_new (
        node, options, output, self.meeting, &self.typed_over, changed);
    run_loop (&self);
    g_clear_pointer (&self.trust, vmt_session_trust_free);
    vmt_session_host_clear (&self);
    vmt_session_compare_clear (&self);
    g_signal_handler_disconnect (node, handler);
  } else {
    self.failed = TRUE;
    vmt_output_error (output,
        error->domain == VM_ERROR ? vm_error_to_code (error->code) : NULL,
        error->message);
  }
  if (self.files)
    vmt_session_files_end (self.files);
  if (!vmt_session_has_delivered (&self))
    self.failed = TRUE;
  tell_lost_records (&self);
  print_summary (&self);

  if (self.pipeline)
    gst_element_set_state (self.pipeline, GST_STATE_NULL);
  vmt_session_source_clear (&self);
  vmt_session_devices_clear (&self);
  g_clear_pointer (&self.files, vmt_session_files_free);
  gst_clear_object (&self.pipeline);
  g_clear_pointer (&self.grid, vmt_grid_unref);
  vmt_roster_free (self.roster);
  g_main_loop_unref (self.loop);
  g_free (self.meeting);
  g_free (self.link);
  g_free (self.receiver);
  g_free (self.meeting_id);
  g_mutex_clear (&self.lock);
  g_cond_clear (&self.cond);
  *next = (Next){ self.pin_wanted, self.pin, self.again, self.refused_key };
  return self.failed   ? VMT_EXIT_FAILED
         : self.sought ? VMT_EXIT_SIGNAL
                       : VMT_EXIT_OK;
}

/* NULL: nothing was entered. Transfer full. */
static gchar *
ask_pin (VmtOutput *output, gboolean *given_up)
{
  for (guint i = 0; i < VMT_PIN_TRIES; i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *pin =
        vmt_ask (output, "PIN of the meeting:", VMT_PIN_WAIT, given_up);

    if (!pin || vmt_check_pin (pin, &error))
      return g_steal_pointer (&pin);
    vmt_output_warning (output, NULL, error->message);
  }
  return NULL;
}

/* The question of somebody whose host was installed anew. */
static gboolean
accept_host (VmtOutput *output, VmtChangedKeys *changed, const gchar *message,
    gboolean *given_up)
{
  g_autofree gchar *old_id = NULL, *new_id = NULL, *answer = NULL;
  gboolean yes = FALSE;

  if (!vmt_changed_key_parse (message, &old_id, &new_id)) {
    /* the host refuses this one: its user compares the id */
    vmt_changed_keys_show_own (changed);
    return FALSE;
  }
  if (!vmt_can_ask (output) || !new_id)
    return FALSE;
  vmt_output_line (output, VMT_STYLE_PLAIN,
      "If the host was installed anew, its own screen shows this id:");
  vmt_output_line (output, VMT_STYLE_STRONG, "  %s", new_id);
  answer = vmt_ask (output, "Does it, and is the new key to be taken? [y/n]",
      VMT_PIN_WAIT, given_up);
  if (!answer || !vmt_answer_parse (answer, &yes) || !yes) {
    vmt_output_line (
        output, VMT_STYLE_FAINT, "It stays refused: somebody may be posing.");
    return FALSE;
  }
  return vmt_changed_keys_accept (changed, message);
}

gint
vmt_session_run (const VmtOptions *options, VmtOutput *output,
    VmMeetingMode mode, const gchar *meeting, const gchar *uri, gint64 start_us)
{
  VmtOptions now = *options;
  g_autofree gchar *pin = NULL;
  g_autoptr (VmTrustStore) store = vm_trust_store_new (NULL);
  g_autoptr (VmtChangedKeys) changed = vmt_changed_keys_new (store, output);

  if (!vmt_session_ask_view (&now, output))
    return VMT_EXIT_SIGNAL;
  for (guint tries = 0;;) {
    Next next = { 0 };
    gboolean given_up = FALSE;
    gint status = run_once (
        &now, output, mode, meeting, uri, start_us, tries, changed, &next);
    gint64 refused_us = g_get_monotonic_time ();
    g_autofree gchar *refused = next.refused_key;

    if (next.again
        || (refused && accept_host (output, changed, refused, &given_up)))
      continue;
    if (!next.pin_wanted)
      return given_up ? VMT_EXIT_SIGNAL : status;
    if (!next.pin)
      next.pin = ask_pin (output, &given_up);
    if (!next.pin)
      return given_up ? VMT_EXIT_SIGNAL : VMT_EXIT_FAILED;
    tries++;
    g_free (pin);
    now.pin = pin = next.pin;
    g_usleep (MAX (0, refused_us + VMT_PIN_PAUSE - g_get_monotonic_time ()));
  }
}
