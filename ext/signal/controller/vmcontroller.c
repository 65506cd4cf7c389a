/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "controller/vmcontroller-priv.h"
#include "plugin/plugin.h"

#include <gst/videomeet/base/vmthread-priv.h>

#define GST_CAT_DEFAULT vm_signal_debug

#define STATS_INTERVAL_MS 500
#define LINKS_INTERVAL_MS 100
/* bye said, files finalised, threads joined */
/* more than the next three, the 2 s for chat, and the 2 s until another is
 * host */
#define STOP_TIMEOUT (14 * GST_SECOND)
#define RECORD_WAIT_US (6 * G_TIME_SPAN_SECOND)
#define PEERS_WAIT (2 * GST_SECOND)
#define SETTLE_MS 2000
/* After a pause: for how long frames of before may come, and how far the others
 * may be ahead of their time. rtpjitterbuffer.c takes less for a delay. */
#define STALE_US (2 * G_TIME_SPAN_SECOND)
#define AHEAD_MAX GST_SECOND

void
vm_controller_config_clear (VmControllerConfig *config)
{
  g_clear_pointer (&config->uri, g_free);
  g_clear_pointer (&config->meeting, g_free);
  g_clear_pointer (&config->user, g_free);
  g_clear_pointer (&config->pin, g_free);
  g_clear_pointer (&config->host_key, g_free);
  g_clear_pointer (&config->cap_token, g_free);
  g_clear_pointer (&config->api_secret, g_free);
  g_clear_pointer (&config->via, g_free);
  g_clear_pointer (&config->call_to, g_free);
  g_clear_pointer (&config->cloud_uri, g_free);
  g_clear_pointer (&config->origin_id, g_free);
  vm_link_config_clear (&config->link);
}

/* What links ask for */

static GMainContext *
get_context (VmController *self)
{
  return self->context;
}

static VmNode *
get_node (VmController *self)
{
  return self->node;
}

static VmMeeting *
get_meeting (VmController *self)
{
  return self->meeting;
}

static const VmLinkConfig *
get_link_config (VmController *self)
{
  return &self->config.link;
}

static gboolean
is_playing (VmController *self)
{
  return g_atomic_int_get (&self->playing);
}

static void
get_clock (VmController *self, GstClock **clock, GstClockTime *base_time)
{
  g_mutex_lock (&self->lock);
  *clock = self->clock ? gst_object_ref (self->clock) : NULL;
  *base_time = self->base_time;
  g_mutex_unlock (&self->lock);
}

/* Until the connections have the new base time, and what is on its way in them
 * is through, a frame is ahead of it by as long as the pause was. */
static gboolean
is_stale (VmController *self, GstClockTime pts)
{
  g_autoptr (GstClock) clock = NULL;
  GstClockTime base_time;
  gboolean soon;

  g_mutex_lock (&self->lock);
  soon = g_get_monotonic_time () - self->played_at < STALE_US;
  clock = soon && self->clock ? gst_object_ref (self->clock) : NULL;
  base_time = self->base_time;
  g_mutex_unlock (&self->lock);
  return clock && GST_CLOCK_TIME_IS_VALID (pts)
         && base_time + pts > gst_clock_get_time (clock) + AHEAD_MAX;
}

static guint
take_slot (VmController *self)
{
  return vm_slots_take (&self->slots);
}

static void
release_slot (VmController *self, guint slot)
{
  vm_slots_release (&self->slots, slot);
}

static void
adopt_recorder (VmController *self, VmRecorder *recorder)
{
  for (guint i = self->recorders->len; i > 0; i--) {
    if (vm_recorder_wait (self->recorders->pdata[i - 1], 0))
      g_ptr_array_remove_index_fast (self->recorders, i - 1);
  }
  g_ptr_array_add (self->recorders, recorder);
}

static VmCloud *
ref_cloud (VmController *self)
{
  VmCloud *cloud;

  g_mutex_lock (&self->lock);
  cloud = self->cloud ? vm_cloud_ref (self->cloud) : NULL;
  g_mutex_unlock (&self->lock);
  return cloud;
}

static gboolean
has_cloud (VmController *self)
{
  return self->cloud != NULL;
}

static void
request_key_unit (VmController *self, VmLink *link, VmPeerStream stream)
{
  g_autoptr (VmCloud) cloud = ref_cloud (self);

  if (cloud)
    vm_cloud_request_key_unit (cloud, link, stream);
}

static void
heard (VmController *self, VmParticipant *participant, VmPeerStream stream,
    GstSample *sample)
{
  vm_controller_tap (
      self, vm_participant_get_id (participant), stream, VM_CODEC_NONE, sample);
}

const VmLinkOwner vm_controller_link_owner = {
  .ref = vm_controller_ref,
  .unref = vm_controller_unref,
  .get_context = get_context,
  .get_node = get_node,
  .get_config = get_link_config,
  .get_meeting = get_meeting,
  .invoke = vm_controller_invoke,
  .is_playing = is_playing,
  .get_clock = get_clock,
  .is_stale = is_stale,
  .take_slot = take_slot,
  .release_slot = release_slot,
  .adopt_recorder = adopt_recorder,
  .serve_files = vm_controller_serve_files,
  .files_changed = vm_controller_files_changed,
  .heard = heard,
  .has_cloud = has_cloud,
  .request_key_unit = request_key_unit,
};

/* Not g_main_context_invoke(), which runs the function here and now when the
 * context's own thread is not iterating it. */
void
vm_controller_invoke (
    VmController *self, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  vm_mailbox_post (self->mailbox, func, data, notify);
}

static void
invoke (VmController *self, GSourceFunc func)
{
  vm_controller_invoke (self, func, self, NULL);
}

void
vm_controller_post (VmController *self, GstStructure *structure)
{
  self->funcs->link.post (self->bin, structure);
}

static VmInput *
get_sound_input (VmController *self)
{
  return self->funcs->link.get_input (self->bin, VM_PEER_AUDIO);
}

/* How loud what this device sends was. */
static void
add_own_level (VmController *self, GstStructure *stats)
{
  g_autoptr (VmInput) input = get_sound_input (self);
  gint level = input ? vm_input_take_audio_level (input) : -1;

  if (level >= 0)
    gst_structure_set (
        stats, "audio-level", G_TYPE_DOUBLE, -(gdouble) level, NULL);
}

/* The sound is encoded once, as all those who take it can use it. */
static void
follow_sound (VmController *self, gint64 now)
{
  g_autoptr (VmInput) input = get_sound_input (self);
  VmSoundWish wish = VM_SOUND_WISH_INIT;

  for (guint i = 0; i < self->links->len; i++)
    vm_link_add_sound_wish (self->links->pdata[i], &wish);
  vm_sound_follow (&self->sound, &wish, now);
  if (input)
    vm_input_set_sound (input, &self->sound.settings);
}

static gboolean
update_stats (gpointer user_data)
{
  VmController *self = user_data;
  GstStructure *stats = gst_structure_new_empty ("vm-stats"), *old;

  for (guint i = 0; i < self->links->len; i++) {
    VmLink *link = self->links->pdata[i];
    g_autoptr (GstStructure) s = vm_link_get_stats (link);

    gst_structure_set (stats,
        vm_participant_get_id (vm_link_get_participant (link)),
        GST_TYPE_STRUCTURE, s, NULL);
  }
  add_own_level (self, stats);
  g_mutex_lock (&self->lock);
  old = self->stats;
  self->stats = stats;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&old, gst_structure_free);
  return G_SOURCE_CONTINUE;
}

static gboolean
update_links (gpointer user_data)
{
  VmController *self = user_data;
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < self->links->len; i++) {
    VmLink *link = self->links->pdata[i];
    gint level = vm_link_take_audio_level (link);

    if (level < 0 && self->cloud)
      level = vm_cloud_take_level (self->cloud, link);
    vm_link_note_audio_level (link, level);

    vm_link_check_stalled (link);
    vm_link_follow_delay (link);
    vm_link_check_key_frames (link, now);
    vm_link_check_missing (link, now);
    if (level >= 0)
      vm_speaker_add_level (self->speaker,
          vm_participant_get_id (vm_link_get_participant (link)), level, now);
  }
  if (self->cloud)
    vm_cloud_tick (self->cloud);
  follow_sound (self, now);
  vm_controller_tick_sfu (self, now);
  vm_controller_pump_files (self);
  if (vm_speaker_update (self->speaker, now)) {
    const gchar *id = vm_speaker_get_active (self->speaker);

    vm_controller_post (self, gst_structure_new ("vm-active-speaker", "id",
                                  G_TYPE_STRING, id ? id : "", NULL));
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
start_meeting (gpointer user_data)
{
  VmController *self = user_data;
  g_autoptr (GError) error = NULL;

  vm_sound_init (
      &self->sound, self->config.link.audio_profile, g_get_monotonic_time ());
  vm_controller_set_up_meeting (self);
  self->stats_source =
      vm_timer_new (self->context, STATS_INTERVAL_MS, update_stats, self);
  self->links_source =
      vm_timer_new (self->context, LINKS_INTERVAL_MS, update_links, self);
  vm_controller_limit_waiting (self);
  /* all of them may have had their caps before there was anybody to tell */
  vm_controller_start_waiting (self);
  if (!vm_meeting_start (self->meeting, &error))
    self->funcs->fail (self->bin, error);
  return G_SOURCE_REMOVE;
}

static void
close_links (VmController *self)
{
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (VmCloud) cloud = NULL;

  g_mutex_lock (&self->lock);
  cloud = g_steal_pointer (&self->cloud);
  links = g_steal_pointer (&self->links);
  self->links = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_unlock (&self->lock);
  g_ptr_array_set_size (self->waiting, 0);
  if (cloud)
    vm_cloud_close (cloud);
  g_clear_object (&self->sfu);
  for (guint i = 0; i < links->len; i++)
    vm_link_close (links->pdata[i]);
}

static void
leave (VmController *self)
{
  self->hung_up = TRUE;
  close_links (self);
  if (self->meeting)
    vm_meeting_stop (self->meeting);
}

static gboolean
hang_up (gpointer user_data)
{
  VmController *self = user_data;

  if (self->hung_up || vm_controller_flush_chat (self, hang_up)
      || vm_controller_say_bye (self, hang_up))
    return G_SOURCE_REMOVE;
  leave (self);
  self->funcs->ended (self->bin);
  return G_SOURCE_REMOVE;
}

/* RECORD_WAIT_US for all of them, which finish side by side. */
static void
wait_for_recorders (VmController *self)
{
  gint64 end = g_get_monotonic_time () + RECORD_WAIT_US;

  for (guint i = 0; i < self->recorders->len; i++) {
    gint64 left = MAX (end - g_get_monotonic_time (), 0);

    if (!vm_recorder_wait (self->recorders->pdata[i], left * GST_USECOND))
      vm_recorder_abandon (self->recorders->pdata[i]);
  }
  g_ptr_array_set_size (self->recorders, 0);
}

static gboolean
quit (gpointer user_data)
{
  VmController *self = user_data;

  if (!vm_peer_join_workers (PEERS_WAIT))
    GST_WARNING_OBJECT (self->bin, "peers still close down");
  if (self->serves)
    vm_node_stop (self->node, VM_NODE_ROLES_SERVE);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
finish (gpointer user_data)
{
  VmController *self = user_data;

  if (!self->hung_up
      && (vm_controller_flush_chat (self, finish)
          || vm_controller_say_bye (self, finish)))
    return G_SOURCE_REMOVE;
  /* without an EOS: who stops the element has not come to its end */
  if (!self->hung_up)
    leave (self);
  vm_timer_clear (&self->inputs_source);
  vm_timer_clear (&self->stats_source);
  vm_timer_clear (&self->links_source);
  vm_timer_clear (&self->bye_source);
  vm_timer_clear (&self->flush_source);
  vm_controller_set_tap (self, NULL, NULL);
  vm_controller_hold_inputs (self);
  if (self->meeting)
    g_signal_handlers_disconnect_by_data (self->meeting, self);
  g_clear_object (&self->meeting);
  wait_for_recorders (self);
  /* behind what they have told */
  invoke (self, quit);
  return G_SOURCE_REMOVE;
}

static gpointer
control_thread (gpointer user_data)
{
  VmController *self = user_data;
  gboolean left_alone;

  vm_thread_take_short_turns ();
  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  /* what others still had to say to this context, and the goodbye */
  if (!VM_PLUGIN (vm_meeting_settle) (SETTLE_MS))
    GST_WARNING_OBJECT (self->bin, "a connection still closes");
  /* what comes later would wait there for good, and hold all of this */
  vm_mailbox_close (self->mailbox);
  g_main_context_pop_thread_default (self->context);
  g_mutex_lock (&self->lock);
  self->finished = TRUE;
  left_alone = self->left_alone;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  if (left_alone) {
    gst_object_unref (self->bin);
    vm_controller_unref (self);
  }
  return NULL;
}

/* Public to the element */

VmController *
vm_controller_new (const VmControllerBin *funcs, VmSignalBin *bin, VmNode *node,
    VmControllerConfig *config)
{
  VmController *self = g_atomic_rc_box_new0 (VmController);

  self->funcs = funcs;
  self->bin = bin;
  self->node = g_object_ref (node);
  self->config = *config;
  *config = (VmControllerConfig){ 0 };
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->links = g_ptr_array_new_with_free_func (g_object_unref);
  self->waiting = g_ptr_array_new_with_free_func (vm_controller_waiting_free);
  self->recorders = g_ptr_array_new_with_free_func (g_object_unref);
  self->speaker = vm_speaker_new ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->mailbox = vm_mailbox_new (self->context);
  self->thread = g_thread_new ("vm-signal", control_thread, self);
  return self;
}

static gboolean
set_clocks (gpointer user_data)
{
  VmController *self = user_data;

  for (guint i = 0; i < self->links->len; i++)
    vm_link_set_clock (self->links->pdata[i]);
  if (self->cloud)
    vm_cloud_set_clock (self->cloud);
  if (!self->meeting && !self->hung_up)
    start_meeting (self);
  return G_SOURCE_REMOVE;
}

void
vm_controller_play (VmController *self, GstClock *clock, GstClockTime base_time)
{
  g_mutex_lock (&self->lock);
  gst_object_replace ((GstObject **) &self->clock, GST_OBJECT_CAST (clock));
  self->base_time = base_time;
  self->played_at = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
  g_atomic_int_set (&self->playing, TRUE);
  invoke (self, set_clocks);
}

static gboolean
pause_links (gpointer user_data)
{
  VmController *self = user_data;

  for (guint i = 0; i < self->links->len; i++)
    vm_link_pause (self->links->pdata[i]);
  return G_SOURCE_REMOVE;
}

void
vm_controller_pause (VmController *self)
{
  g_atomic_int_set (&self->playing, FALSE);
  invoke (self, pause_links);
}

static gboolean
inputs_changed (gpointer user_data)
{
  VmController *self = user_data;

  for (guint i = 0; i < self->links->len; i++)
    vm_link_change_inputs (self->links->pdata[i]);
  if (self->cloud)
    vm_cloud_inputs_changed (self->cloud);
  vm_controller_hold_inputs (self);
  vm_controller_start_waiting (self);
  vm_controller_tell_presence (self);
  return G_SOURCE_REMOVE;
}

void
vm_controller_inputs_changed (VmController *self)
{
  invoke (self, inputs_changed);
}

typedef struct
{
  VmController *controller;
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
  VmController *self = failed->controller;

  GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, STREAM, ENCODE,
      ("What %s brings cannot be sent as %s: %s", pads[failed->stream],
          vm_codec_get_name (failed->codec), failed->why),
      (NULL), ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_CODEC), NULL));
  for (guint i = 0; i < self->links->len; i++)
    vm_link_drop_codec (self->links->pdata[i], failed->stream, failed->codec);
  if (self->cloud)
    vm_cloud_drop_codec (self->cloud, failed->stream, failed->codec);
  return G_SOURCE_REMOVE;
}

void
vm_controller_input_failed (
    VmController *self, VmPeerStream stream, VmCodec codec, const gchar *why)
{
  InputFailed *failed = g_new (InputFailed, 1);

  *failed = (InputFailed){ self, stream, codec, g_strdup (why) };
  vm_controller_invoke (self, input_failed, failed, input_failed_free);
}

void
vm_controller_push (
    VmController *self, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (VmCloud) cloud = ref_cloud (self);

  if (cloud)
    vm_cloud_push (cloud, stream, codec, sample);
  vm_controller_tap (self, NULL, stream, codec, sample);
  g_mutex_lock (&self->lock);
  links = g_ptr_array_copy (self->links, (GCopyFunc) g_object_ref, NULL);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < links->len; i++)
    vm_link_push (links->pdata[i], stream, codec, sample);
}

void
vm_controller_hang_up (VmController *self)
{
  invoke (self, hang_up);
}

typedef struct
{
  VmController *controller;
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
  VmController *self = data->controller;

  for (guint i = 0; i < self->links->len; i++) {
    VmLink *link = self->links->pdata[i];
    VmParticipant *participant = vm_link_get_participant (link);

    if (data->id
        && g_strcmp0 (data->id, vm_participant_get_id (participant)) != 0)
      continue;
    vm_link_begin_anew (link);
  }
  return G_SOURCE_REMOVE;
}

void
vm_controller_restart_ice (VmController *self, const gchar *participant_id)
{
  RestartIce *data = g_new0 (RestartIce, 1);

  data->controller = self;
  data->id = g_strdup (participant_id);
  vm_controller_invoke (self, restart_ice, data, restart_ice_free);
}

GstStructure *
vm_controller_get_stats (VmController *self)
{
  GstStructure *stats;

  g_mutex_lock (&self->lock);
  stats = self->stats ? gst_structure_copy (self->stats)
                      : gst_structure_new_empty ("vm-stats");
  g_mutex_unlock (&self->lock);
  return stats;
}

static void
vm_controller_clear (gpointer data)
{
  VmController *self = data;

  vm_mailbox_free (self->mailbox);
  g_clear_object (&self->node);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_ptr_array_unref (self->links);
  g_ptr_array_unref (self->waiting);
  g_ptr_array_unref (self->recorders);
  vm_speaker_free (self->speaker);
  g_clear_pointer (&self->stats, gst_structure_free);
  gst_clear_object (&self->clock);
  vm_controller_config_clear (&self->config);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

VmController *
vm_controller_ref (VmController *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
vm_controller_unref (VmController *self)
{
  g_atomic_rc_box_release_full (self, vm_controller_clear);
}

/* With the lock held: nobody waits for the thread, so that it ends by itself,
 * with the element. */
static void
leave_alone (VmController *self)
{
  self->left_alone = TRUE;
  gst_object_ref (self->bin);
  g_thread_unref (self->thread);
}

void
vm_controller_stop (VmController *self)
{
  gint64 end = g_get_monotonic_time () + STOP_TIMEOUT / GST_USECOND;
  /* a handler of what the element says may stop it */
  gboolean own = self->thread == g_thread_self ();
  gboolean finished;

  g_atomic_int_set (&self->playing, FALSE);
  invoke (self, finish);
  g_mutex_lock (&self->lock);
  while (!own && !self->finished
         && g_cond_wait_until (&self->cond, &self->lock, end))
    continue;
  finished = self->finished;
  /* Something foreign hangs in the control thread; what it still uses is left
   * to it rather than freed under its feet. */
  if (!finished)
    leave_alone (self);
  g_mutex_unlock (&self->lock);
  if (!finished && !own)
    g_warning ("the call did not end within %u s",
        (guint) (STOP_TIMEOUT / GST_SECOND));
  if (!finished)
    return;
  g_thread_join (self->thread);
  vm_controller_unref (self);
}
