/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "controller/vmcall-priv.h"

#include <gst/videomeet/base/vmthread-priv.h>

#define GST_CAT_DEFAULT vm_signal_debug

#define STATS_INTERVAL_MS 500
#define LINKS_INTERVAL_MS 100
/* bye said, files finalised, threads joined */
#define CALL_STOP_TIMEOUT (11 * GST_SECOND) /* more than the next three */
#define RECORD_WAIT_US (6 * G_TIME_SPAN_SECOND)
#define PEERS_WAIT (2 * GST_SECOND)
#define SETTLE_MS 2000

void
vm_call_config_clear (VmCallConfig *config)
{
  g_clear_pointer (&config->uri, g_free);
  g_clear_pointer (&config->meeting, g_free);
  g_clear_pointer (&config->user, g_free);
  g_clear_pointer (&config->pin, g_free);
  g_clear_pointer (&config->host_key, g_free);
  g_clear_pointer (&config->cap_token, g_free);
  vm_link_config_clear (&config->link);
}

/* What links ask for */

static GMainContext *
get_context (VmCall *call)
{
  return call->context;
}

static VmNode *
get_node (VmCall *call)
{
  return call->node;
}

static VmMeeting *
get_meeting (VmCall *call)
{
  return call->meeting;
}

static const VmLinkConfig *
get_link_config (VmCall *call)
{
  return &call->config.link;
}

static gboolean
is_playing (VmCall *call)
{
  return g_atomic_int_get (&call->playing);
}

static void
get_clock (VmCall *call, GstClock **clock, GstClockTime *base_time)
{
  g_mutex_lock (&call->lock);
  *clock = call->clock ? gst_object_ref (call->clock) : NULL;
  *base_time = call->base_time;
  g_mutex_unlock (&call->lock);
}

static guint
take_slot (VmCall *call)
{
  return vm_slots_take (&call->slots);
}

static void
release_slot (VmCall *call, guint slot)
{
  vm_slots_release (&call->slots, slot);
}

static void
adopt_recorder (VmCall *call, VmRecorder *recorder)
{
  for (guint i = call->recorders->len; i > 0; i--) {
    if (vm_recorder_wait (call->recorders->pdata[i - 1], 0))
      g_ptr_array_remove_index_fast (call->recorders, i - 1);
  }
  g_ptr_array_add (call->recorders, recorder);
}

const VmLinkOwner vm_call_link_owner = {
  .ref = vm_call_ref,
  .unref = vm_call_unref,
  .get_context = get_context,
  .get_node = get_node,
  .get_config = get_link_config,
  .get_meeting = get_meeting,
  .invoke = vm_call_invoke,
  .is_playing = is_playing,
  .get_clock = get_clock,
  .take_slot = take_slot,
  .release_slot = release_slot,
  .adopt_recorder = adopt_recorder,
  .serve_files = vm_call_serve_files,
  .files_changed = vm_call_files_changed,
};

void
vm_call_post (VmCall *call, GstStructure *structure)
{
  call->funcs->link.post (call->bin, structure);
}

static gboolean
update_stats (gpointer user_data)
{
  VmCall *call = user_data;
  GstStructure *stats = gst_structure_new_empty ("vm-stats"), *old;

  for (guint i = 0; i < call->links->len; i++) {
    VmLink *link = call->links->pdata[i];
    g_autoptr (GstStructure) s = vm_link_get_stats (link);

    gst_structure_set (stats,
        vm_participant_get_id (vm_link_get_participant (link)),
        GST_TYPE_STRUCTURE, s, NULL);
  }
  g_mutex_lock (&call->lock);
  old = call->stats;
  call->stats = stats;
  g_mutex_unlock (&call->lock);
  g_clear_pointer (&old, gst_structure_free);
  return G_SOURCE_CONTINUE;
}

static gboolean
update_links (gpointer user_data)
{
  VmCall *call = user_data;
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < call->links->len; i++) {
    VmLink *link = call->links->pdata[i];
    gint level = vm_link_take_audio_level (link);

    vm_link_check_stalled (link);
    vm_link_check_key_frames (link, now);
    if (level >= 0)
      vm_speaker_add_level (call->speaker,
          vm_participant_get_id (vm_link_get_participant (link)), level, now);
  }
  vm_call_pump_files (call);
  if (vm_speaker_update (call->speaker, now)) {
    const gchar *id = vm_speaker_get_active (call->speaker);

    vm_call_post (call, gst_structure_new ("vm-active-speaker", "id",
                            G_TYPE_STRING, id ? id : "", NULL));
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
start_meeting (gpointer user_data)
{
  VmCall *call = user_data;
  g_autoptr (GError) error = NULL;

  vm_call_set_up_meeting (call);
  call->stats_source =
      vm_timer_new (call->context, STATS_INTERVAL_MS, update_stats, call);
  call->links_source =
      vm_timer_new (call->context, LINKS_INTERVAL_MS, update_links, call);
  vm_call_limit_waiting (call);
  if (!vm_meeting_start (call->meeting, &error))
    call->funcs->fail (call->bin, error);
  return G_SOURCE_REMOVE;
}

static void
close_links (VmCall *call)
{
  g_autoptr (GPtrArray) links = NULL;

  g_mutex_lock (&call->lock);
  links = g_steal_pointer (&call->links);
  call->links = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_unlock (&call->lock);
  g_ptr_array_set_size (call->waiting, 0);
  for (guint i = 0; i < links->len; i++)
    vm_link_close (links->pdata[i]);
}

static void
leave (VmCall *call)
{
  call->hung_up = TRUE;
  close_links (call);
  if (call->meeting)
    vm_meeting_stop (call->meeting);
}

static gboolean
hang_up (gpointer user_data)
{
  VmCall *call = user_data;

  if (call->hung_up || vm_call_say_bye (call, hang_up))
    return G_SOURCE_REMOVE;
  leave (call);
  call->funcs->ended (call->bin);
  return G_SOURCE_REMOVE;
}

/* RECORD_WAIT_US for all of them, which finish side by side. */
static void
wait_for_recorders (VmCall *call)
{
  gint64 end = g_get_monotonic_time () + RECORD_WAIT_US;

  for (guint i = 0; i < call->recorders->len; i++) {
    gint64 left = MAX (end - g_get_monotonic_time (), 0);

    if (!vm_recorder_wait (call->recorders->pdata[i], left * GST_USECOND))
      vm_recorder_abandon (call->recorders->pdata[i]);
  }
  g_ptr_array_set_size (call->recorders, 0);
}

static gboolean
finish (gpointer user_data)
{
  VmCall *call = user_data;

  if (!call->hung_up && vm_call_say_bye (call, finish))
    return G_SOURCE_REMOVE;
  /* without an EOS: who stops the element has not come to its end */
  if (!call->hung_up)
    leave (call);
  vm_timer_clear (&call->inputs_source);
  vm_timer_clear (&call->stats_source);
  vm_timer_clear (&call->links_source);
  if (call->meeting)
    g_signal_handlers_disconnect_by_data (call->meeting, call);
  g_clear_object (&call->meeting);
  wait_for_recorders (call);
  if (!vm_peer_join_workers (PEERS_WAIT))
    GST_WARNING_OBJECT (call->bin, "peers still close down");
  if (call->serves)
    vm_node_stop (call->node, VM_NODE_ROLES_SERVE);
  g_main_loop_quit (call->loop);
  return G_SOURCE_REMOVE;
}

static gpointer
call_thread (gpointer user_data)
{
  VmCall *call = user_data;

  vm_thread_take_short_turns ();
  g_main_context_push_thread_default (call->context);
  g_main_loop_run (call->loop);
  /* what others still had to say to this context, and the goodbye */
  if (!vm_meeting_settle (SETTLE_MS))
    GST_WARNING_OBJECT (call->bin, "a connection still closes");
  g_main_context_pop_thread_default (call->context);
  g_mutex_lock (&call->lock);
  call->finished = TRUE;
  g_cond_broadcast (&call->cond);
  g_mutex_unlock (&call->lock);
  if (call->left_alone) {
    gst_object_unref (call->bin);
    vm_call_unref (call);
  }
  return NULL;
}

/* Public to the element */

/* Not g_main_context_invoke(), which runs the function here and now when the
 * context's own thread is not iterating it. */
void
vm_call_invoke (
    VmCall *call, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  vm_mailbox_post (call->mailbox, func, data, notify);
}

static void
invoke (VmCall *call, GSourceFunc func)
{
  vm_call_invoke (call, func, call, NULL);
}

VmCall *
vm_call_new (const VmCallBin *funcs, VmSignalBin *bin, VmNode *node,
    VmCallConfig *config)
{
  VmCall *call = g_atomic_rc_box_new0 (VmCall);

  call->funcs = funcs;
  call->bin = bin;
  call->node = g_object_ref (node);
  call->config = *config;
  *config = (VmCallConfig){ 0 };
  g_mutex_init (&call->lock);
  g_cond_init (&call->cond);
  call->links = g_ptr_array_new_with_free_func (g_object_unref);
  call->waiting = g_ptr_array_new_with_free_func (vm_call_waiting_free);
  call->recorders = g_ptr_array_new_with_free_func (g_object_unref);
  call->speaker = vm_speaker_new ();
  call->context = g_main_context_new ();
  call->loop = g_main_loop_new (call->context, FALSE);
  call->mailbox = vm_mailbox_new (call->context);
  call->thread = g_thread_new ("vm-signal", call_thread, call);
  return call;
}

static gboolean
set_clocks (gpointer user_data)
{
  VmCall *call = user_data;

  for (guint i = 0; i < call->links->len; i++)
    vm_link_set_clock (call->links->pdata[i]);
  if (!call->meeting && !call->hung_up)
    start_meeting (call);
  return G_SOURCE_REMOVE;
}

void
vm_call_play (VmCall *call, GstClock *clock, GstClockTime base_time)
{
  g_mutex_lock (&call->lock);
  gst_object_replace ((GstObject **) &call->clock, GST_OBJECT_CAST (clock));
  call->base_time = base_time;
  g_mutex_unlock (&call->lock);
  g_atomic_int_set (&call->playing, TRUE);
  invoke (call, set_clocks);
}

void
vm_call_pause (VmCall *call)
{
  g_atomic_int_set (&call->playing, FALSE);
}

static gboolean
inputs_changed (gpointer user_data)
{
  VmCall *call = user_data;

  for (guint i = 0; i < call->links->len; i++)
    vm_link_change_inputs (call->links->pdata[i]);
  vm_call_start_waiting (call);
  vm_call_tell_presence (call);
  return G_SOURCE_REMOVE;
}

void
vm_call_inputs_changed (VmCall *call)
{
  invoke (call, inputs_changed);
}

typedef struct
{
  VmCall *call;
  VmPeerStream stream;
  VmCodec codec;
  gchar *why;
} InputFailed;

static void
input_failed_free (gpointer data)
{
  g_free (((InputFailed *) data)->why);
  g_free (data);
}

/* Once for all who take it, and not for each of them: the fault is here. */
static gboolean
input_failed (gpointer user_data)
{
  static const gchar *const pads[] = { "audio_sink_0", "video_sink_0",
    "video_sink_1" };
  InputFailed *failed = user_data;
  VmCall *call = failed->call;

  GST_ELEMENT_WARNING_WITH_DETAILS (call->bin, STREAM, ENCODE,
      ("What %s brings cannot be sent as %s: %s", pads[failed->stream],
          vm_codec_get_name (failed->codec), failed->why),
      (NULL), ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_CODEC), NULL));
  for (guint i = 0; i < call->links->len; i++)
    vm_link_drop_codec (call->links->pdata[i], failed->stream, failed->codec);
  return G_SOURCE_REMOVE;
}

void
vm_call_input_failed (
    VmCall *call, VmPeerStream stream, VmCodec codec, const gchar *why)
{
  InputFailed *failed = g_new (InputFailed, 1);

  *failed = (InputFailed){ call, stream, codec, g_strdup (why) };
  vm_call_invoke (call, input_failed, failed, input_failed_free);
}

void
vm_call_push (
    VmCall *call, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
  g_autoptr (GPtrArray) links = NULL;

  g_mutex_lock (&call->lock);
  links = g_ptr_array_copy (call->links, (GCopyFunc) g_object_ref, NULL);
  g_mutex_unlock (&call->lock);
  for (guint i = 0; i < links->len; i++)
    vm_link_push (links->pdata[i], stream, codec, sample);
}

void
vm_call_hang_up (VmCall *call)
{
  invoke (call, hang_up);
}

typedef struct
{
  VmCall *call;
  gchar *id;
} RestartIce;

static void
restart_ice_free (gpointer data)
{
  g_free (((RestartIce *) data)->id);
  g_free (data);
}

static gboolean
restart_ice (gpointer user_data)
{
  RestartIce *data = user_data;
  VmCall *call = data->call;

  for (guint i = 0; i < call->links->len; i++) {
    VmLink *link = call->links->pdata[i];
    VmParticipant *participant = vm_link_get_participant (link);

    if (data->id
        && g_strcmp0 (data->id, vm_participant_get_id (participant)) != 0)
      continue;
    vm_link_begin_anew (link);
  }
  return G_SOURCE_REMOVE;
}

void
vm_call_restart_ice (VmCall *call, const gchar *participant_id)
{
  RestartIce *data = g_new0 (RestartIce, 1);

  data->call = call;
  data->id = g_strdup (participant_id);
  vm_call_invoke (call, restart_ice, data, restart_ice_free);
}

GstStructure *
vm_call_get_stats (VmCall *call)
{
  GstStructure *stats;

  g_mutex_lock (&call->lock);
  stats = call->stats ? gst_structure_copy (call->stats)
                      : gst_structure_new_empty ("vm-stats");
  g_mutex_unlock (&call->lock);
  return stats;
}

static void
vm_call_clear (gpointer data)
{
  VmCall *call = data;

  vm_mailbox_free (call->mailbox);
  g_clear_object (&call->node);
  g_main_loop_unref (call->loop);
  g_main_context_unref (call->context);
  g_ptr_array_unref (call->links);
  g_ptr_array_unref (call->waiting);
  g_ptr_array_unref (call->recorders);
  vm_speaker_free (call->speaker);
  g_clear_pointer (&call->stats, gst_structure_free);
  gst_clear_object (&call->clock);
  vm_call_config_clear (&call->config);
  g_mutex_clear (&call->lock);
  g_cond_clear (&call->cond);
}

VmCall *
vm_call_ref (VmCall *call)
{
  return g_atomic_rc_box_acquire (call);
}

void
vm_call_unref (VmCall *call)
{
  g_atomic_rc_box_release_full (call, vm_call_clear);
}

/* From a handler of what the element says: nobody can wait for the thread that
 * this is, so that it ends by itself, with the element. */
static void
leave_alone (VmCall *call)
{
  call->left_alone = TRUE;
  gst_object_ref (call->bin);
  g_thread_unref (call->thread);
  invoke (call, finish);
}

void
vm_call_stop (VmCall *call)
{
  gint64 end = g_get_monotonic_time () + CALL_STOP_TIMEOUT / GST_USECOND;
  gboolean finished;

  g_atomic_int_set (&call->playing, FALSE);
  if (call->thread == g_thread_self ()) {
    leave_alone (call);
    return;
  }
  invoke (call, finish);
  g_mutex_lock (&call->lock);
  while (!call->finished && g_cond_wait_until (&call->cond, &call->lock, end))
    continue;
  finished = call->finished;
  g_mutex_unlock (&call->lock);
  if (!finished) {
    /* Something foreign hangs in the control thread; what it still uses is
     * left to it rather than freed under its feet. */
    g_warning ("the call did not end within %u s",
        (guint) (CALL_STOP_TIMEOUT / GST_SECOND));
    return;
  }
  g_thread_join (call->thread);
  vm_call_unref (call);
}
