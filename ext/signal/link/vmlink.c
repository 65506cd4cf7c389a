/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/vmattempts.h"
#include "link/vmlink-priv.h"
#include "plugin/plugin.h"

#define GST_CAT_DEFAULT vm_signal_debug

/* In a call the answer comes when the user answers; its server ends what rings
 * for 45 s (protocol/calls.md). Of connections there is this one. */
#define RING_MS 60000
#define CALL_CONNECT_MS 15000
/* How long a replaced connection is kept: the first, and up to the second while
 * the new connection has not opened its channels. */
#define PAST_MIN_MS 1000
#define PAST_MAX_MS 15000
/* After a pad has caps, until another connection is made for it: others come
 * at the same time. */
#define MISSED_MS 300

G_DEFINE_FINAL_TYPE (VmLink, vm_link, G_TYPE_OBJECT)

static void
vm_link_finalize (GObject *object)
{
  VmLink *self = VM_LINK (object);

  g_clear_object (&self->participant);
  g_free (self->session);
  g_free (self->theirs);
  g_clear_error (&self->awaited);
  vm_timer_clear (&self->restart_source);
  vm_timer_clear (&self->renew_source);
  vm_timer_clear (&self->detour_source);
  vm_timer_clear (&self->missed_source);
  vm_timer_clear (&self->retire_source);
  vm_timer_clear (&self->offer_wait);
  vm_link_stop_negotiating (self);
  vm_link_end_compare (self);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    vm_pending_clear (&self->pending[i]);
    g_clear_object (&self->missed[i]);
  }
  g_clear_pointer (&self->playout, vm_playout_unref);
  g_mutex_clear (&self->lock);
  self->owner->unref (self->controller);
  G_OBJECT_CLASS (vm_link_parent_class)->finalize (object);
}

static void
vm_link_class_init (VmLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_link_finalize;
}

static void
vm_link_init (VmLink *self)
{
  g_mutex_init (&self->lock);
  g_queue_init (&self->early);
  self->slot = self->second_slot = VM_SLOT_NONE;
  self->loudest = -1;
}

static void
tell_path (VmLink *self, const VmPeerPath *path)
{
  if (vm_peer_path_equal (path, &self->path))
    return;
  self->path = *path;
  self->bin_funcs->post (self->bin,
      gst_structure_new ("vm-path-changed", "id", G_TYPE_STRING,
          vm_participant_get_id (self->participant), "user", G_TYPE_STRING,
          vm_participant_get_user (self->participant), "path", G_TYPE_STRING,
          path->kind, "protocol", G_TYPE_STRING, path->protocol, "ip-version",
          G_TYPE_UINT, path->ip_version, NULL));
}

VmLink *
vm_link_new (const VmLinkOwner *owner, VmController *controller,
    const VmLinkBin *bin_funcs, VmSignalBin *bin, VmParticipant *participant)
{
  VmLink *self = g_object_new (VM_TYPE_LINK, NULL);

  self->owner = owner;
  self->controller = owner->ref (controller);
  self->bin_funcs = bin_funcs;
  self->bin = bin;
  self->context = owner->get_context (controller);
  self->node = owner->get_node (controller);
  self->config = owner->get_config (controller);
  if (self->config->latency_ms == VM_LATENCY_AUTO)
    self->playout = vm_playout_new ();
  self->participant = g_object_ref (participant);
  self->slot = owner->take_slot (controller);
  return self;
}

void
vm_link_config_clear (VmLinkConfig *config)
{
  g_clear_pointer (&config->stun_server, g_free);
  g_clear_pointer (&config->record_dir, g_free);
  g_clear_pointer (&config->turn_servers, g_strfreev);
}

VmMeeting *
vm_link_get_meeting (VmLink *self)
{
  return self->owner->get_meeting (self->controller);
}

VmParticipant *
vm_link_get_participant (VmLink *self)
{
  return self->participant;
}

VmConnection *
vm_link_get_newest (VmLink *self)
{
  return self->next ? self->next : self->now;
}

gboolean
vm_link_is_connected (VmLink *self)
{
  return self->now
         && vm_peer_get_state (self->now->peer) == VM_PEER_STATE_CONNECTED;
}

VmConnection *
vm_link_find_connection (VmLink *self, VmPeer *peer)
{
  VmConnection *all[] = { self->now, self->next, self->past };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    if (all[i] && all[i]->peer == peer)
      return all[i];
  }
  return NULL;
}

static void
on_peer_key_unit (VmPeer *peer, VmPeerStream stream, VmLink *self)
{
  VmConnection *connection = vm_link_find_connection (self, peer);

  if (connection && connection->inputs[stream])
    vm_input_request_key_unit (
        connection->inputs[stream], connection->codecs[stream]);
}

/* Which codec a stream has with this peer: what the offer says; else what the
 * input is; else the first of the property that the other side has not
 * refused. */
static VmCodec
choose_codec (
    VmLink *self, VmPeerStream stream, VmInput *input, const gchar *offer)
{
  const VmLinkConfig *config = self->config;

  VmCodec own = input ? vm_input_get_codec (input) : VM_CODEC_NONE;

  if (offer)
    return vm_codec_from_sdp (offer, stream, own);
  if (own != VM_CODEC_NONE)
    return own;
  if (stream == VM_PEER_AUDIO)
    return VM_CODEC_OPUS;
  for (guint i = self->choice; input && i < VM_CODEC_N; i++) {
    if (config->codecs[i] != VM_CODEC_NONE
        && !vm_input_has_failed (input, config->codecs[i]))
      return config->codecs[i];
  }
  return config->codecs[self->choice];
}

static void
release_inputs (VmLink *self, VmConnection *connection)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (VmInput) input = g_steal_pointer (&connection->inputs[i]);
    VmCodec codec;

    g_mutex_lock (&self->lock);
    codec = connection->codecs[i];
    connection->codecs[i] = VM_CODEC_NONE;
    g_mutex_unlock (&self->lock);
    if (input)
      vm_input_release (input, codec);
  }
}

static void
change_input (VmLink *self, VmConnection *connection, VmPeerStream stream)
{
  g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, stream);
  VmCodec codec = connection->codecs[stream];
  g_autoptr (GError) error = NULL;

  if (!connection->inputs[stream] || !input
      || input == connection->inputs[stream] || !vm_input_has_caps (input))
    return;
  if (!vm_input_acquire (input, codec, &error)) {
    GST_WARNING ("nothing more is sent to %s on this pad: %s",
        vm_participant_get_id (self->participant), error->message);
    return;
  }
  vm_input_release (connection->inputs[stream], codec);
  g_set_object (&connection->inputs[stream], input);
  vm_input_request_key_unit (input, codec);
}

static gboolean
is_missed (VmLink *self, VmPeerStream stream)
{
  VmConnection *newest = vm_link_get_newest (self);
  VmInput *input = self->missed[stream];

  return newest && input && !newest->inputs[stream] && vm_input_has_caps (input)
         && !vm_input_is_eos (input);
}

/* The pad of what is sent is gone: the other side would look at the last
 * picture for good. */
static gboolean
is_over (VmLink *self, VmPeerStream stream)
{
  VmConnection *newest = vm_link_get_newest (self);
  g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, stream);

  return newest && newest->inputs[stream] && !input;
}

static gboolean
on_missed (gpointer user_data)
{
  VmLink *self = user_data;
  gboolean any = FALSE;

  vm_timer_clear (&self->missed_source);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    any |= is_missed (self, i) || is_over (self, i);
  if (any)
    vm_link_begin_anew (self);
  return G_SOURCE_REMOVE;
}

/* A pad that came later: the connection has no place for it, and another one
 * may have. Once for each pad, because the other side may not want it. Likewise
 * for one that is gone and nothing came for. */
static void
look_for_missed (VmLink *self, VmPeerStream stream)
{
  g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, stream);

  if (input && (!vm_input_has_caps (input) || input == self->missed[stream]))
    return;
  g_set_object (&self->missed[stream], input);
  if ((is_missed (self, stream) || is_over (self, stream))
      && !self->missed_source)
    self->missed_source =
        vm_timer_new (self->context, MISSED_MS, on_missed, self);
}

/* What takes the place of another is carried by the same connection. */
void
vm_link_change_inputs (VmLink *self)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (self->now)
      change_input (self, self->now, i);
    if (self->next)
      change_input (self, self->next, i);
    if (self->config->dialect == VM_DIALECT_NAME_NATIVE && !self->served
        && !self->closed)
      look_for_missed (self, i);
  }
}

/* FALSE, with @error: it cannot be; without: there is none to be had. */
static gboolean
acquire_input (VmLink *self, VmConnection *connection, VmPeerStream stream,
    const gchar *offer, GError **error)
{
  g_autoptr (VmInput) input = self->bin_funcs->get_input (self->bin, stream);
  VmCodec codec = choose_codec (self, stream, input, offer);

  if (!input || !vm_input_has_caps (input) || codec == VM_CODEC_NONE
      || vm_input_has_failed (input, codec))
    return FALSE;
  if (!vm_input_acquire (input, codec, error)) {
    /* it has this moment: what else there is goes on */
    if (vm_input_has_failed (input, codec))
      g_clear_error (error);
    return FALSE;
  }
  g_set_object (&connection->inputs[stream], input);
  g_mutex_lock (&self->lock);
  connection->codecs[stream] = codec;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
acquire_inputs (VmLink *self, VmConnection *connection, const gchar *offer,
    VmPeerConfig *config, GError **error)
{
  gboolean video = self->config->call_type == VM_CALL_TYPE_VIDEO;

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    config->receive[i] = self->config->receive && (i == VM_PEER_AUDIO || video);
    if (acquire_input (self, connection, i, offer, error))
      config->send[i] =
          vm_input_make_caps (connection->inputs[i], connection->codecs[i]);
    else if (*error)
      return FALSE;
  }
  return TRUE;
}

void
vm_link_acquire_more (
    VmLink *self, VmConnection *connection, const gchar *offer)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstCaps) caps = NULL;

    if (connection->inputs[i])
      continue;
    if (acquire_input (self, connection, i, offer, &error)) {
      caps = vm_input_make_caps (connection->inputs[i], connection->codecs[i]);
      vm_peer_set_send (connection->peer, i, caps);
    } else if (error) {
      GST_WARNING ("nothing is sent to %s on this pad: %s",
          vm_participant_get_id (self->participant), error->message);
    }
  }
}

void
vm_link_drop_codec (VmLink *self, VmPeerStream stream, VmCodec codec)
{
  VmMeeting *meeting = vm_link_get_meeting (self);
  VmConnection *newest = vm_link_get_newest (self);

  if (!newest || !newest->inputs[stream] || newest->codecs[stream] != codec)
    return;
  if (vm_meeting_offers_to (meeting, self->participant))
    vm_link_restart (self);
  else
    vm_meeting_send_restart (meeting, self->participant, "codec");
}

/* The connections */

static VmConnection *
connection_new (VmMediaSession *media)
{
  VmConnection *connection = g_new0 (VmConnection, 1);

  connection->media = media ? g_object_ref (media) : NULL;
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    connection->codecs[i] = VM_CODEC_NONE;
  return connection;
}

static void
set_sending (VmLink *self, VmConnection *connection)
{
  g_mutex_lock (&self->lock);
  self->sending = connection;
  g_mutex_unlock (&self->lock);
}

void
vm_link_stop_sending (VmLink *self)
{
  set_sending (self, NULL);
}

void
vm_link_resume_sending (VmLink *self)
{
  set_sending (self, self->now);
}

static void
close_connection (VmLink *self, VmConnection **connection)
{
  VmConnection *old = g_steal_pointer (connection);

  if (!old)
    return;
  if (self->sending == old)
    set_sending (self, NULL);
  if (old->peer) {
    g_signal_handlers_disconnect_by_data (old->peer, self);
    vm_peer_close (old->peer);
    g_object_unref (old->peer);
  }
  release_inputs (self, old);
  g_clear_object (&old->media);
  g_free (old);
}

static void
close_past (VmLink *self)
{
  vm_timer_clear (&self->past_source);
  close_connection (self, &self->past);
}

void
vm_link_close_all (VmLink *self)
{
  gboolean any = self->now != NULL;

  close_past (self);
  close_connection (self, &self->next);
  close_connection (self, &self->now);
  if (!any)
    return;
  vm_link_stop_talk (self);
  vm_link_restart_files (self);
}

gboolean
vm_link_close_next (VmLink *self)
{
  if (!self->next)
    return FALSE;
  close_connection (self, &self->next);
  self->given_up = TRUE;
  return TRUE;
}

/* The way that it is heard: of two, the one that its frames come by. */
void
vm_link_look_at_path (VmLink *self)
{
  static const VmPeerPath cloud = { "cloud", "udp", 0 };
  VmPeerPath path;

  if (vm_link_hears_server (self))
    tell_path (self, &cloud);
  else if (self->now && vm_peer_get_path (self->now->peer, &path)) {
    VM_PLUGIN (vm_participant_set_address)
    (self->participant, vm_peer_get_remote_address (self->now->peer));
    tell_path (self, &path);
  }
}

static void
tell_path_in_use (VmLink *self)
{
  vm_link_watch_detour (self);
  vm_link_look_at_path (self);
}

static gboolean
on_past (gpointer user_data)
{
  VmLink *self = user_data;
  gint64 ms = (g_get_monotonic_time () - self->past_since) / 1000;

  if (ms < PAST_MAX_MS && (ms < PAST_MIN_MS || !vm_link_has_moved_talk (self)))
    return G_SOURCE_CONTINUE;
  close_past (self);
  return G_SOURCE_REMOVE;
}

/* The new connection stands. What was sent over the one before is still heard,
 * so that nothing is missing. */
static void
switch_over (VmLink *self)
{
  close_past (self);
  self->past = self->now;
  self->now = g_steal_pointer (&self->next);
  set_sending (self, self->now);
  release_inputs (self, self->past);
  self->past_since = g_get_monotonic_time ();
  self->past_source = vm_timer_new (self->context, PAST_MIN_MS, on_past, self);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (self->outputs[i] && !vm_peer_receives (self->now->peer, i)
        && !vm_link_is_served_stream (self, i))
      vm_link_end_stream (self, i);
  }
  vm_link_restart_files (self);
  vm_link_move_talk (self);
  vm_link_check_compared (self);
  tell_path_in_use (self);
}

/* The one in use has ended; the one that is being made takes its place. */
static void
promote_next (VmLink *self)
{
  close_connection (self, &self->now);
  self->now = g_steal_pointer (&self->next);
  set_sending (self, self->now);
  vm_link_stop_talk (self);
  vm_link_restart_files (self);
}

static void
on_peer_failed (VmLink *self, VmPeer *peer, const GError *error)
{
  g_autoptr (VmLink) alive = g_object_ref (self);
  g_autoptr (GError) why =
      error ? g_error_copy (error)
            : g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "Connection lost");

  if (self->past && peer == self->past->peer) {
    close_past (self);
    return;
  }
  if (vm_link_is_retired (self)) {
    self->served = TRUE;
    vm_link_close_all (self);
    return;
  }
  vm_link_tell_refusal (self, why);
  if (self->next && peer == self->now->peer)
    promote_next (self);
  else if (vm_peer_get_closed_by_other (peer))
    vm_link_end (self, why);
  else
    vm_link_fail (self, why);
}

static void
set_established (VmLink *self, VmPeer *peer)
{
  VmConnection *all[] = { self->now, self->next };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    if (all[i] && all[i]->peer == peer && all[i]->media)
      VM_PLUGIN (vm_media_session_set_established) (all[i]->media);
  }
}

static void
on_peer_state (VmPeer *peer, VmPeerState state, GError *error, VmLink *self)
{
  if (state == VM_PEER_STATE_FAILED) {
    on_peer_failed (self, peer, error);
  } else if (state == VM_PEER_STATE_CONNECTED) {
    self->failed = self->refusals = 0;
    set_established (self, peer);
    if (self->next && peer == self->next->peer)
      switch_over (self);
    else
      vm_link_check_compared (self);
    vm_link_watch_detour (self);
    vm_meeting_set_participant_state (vm_link_get_meeting (self),
        self->participant, VM_PARTICIPANT_EVENT_CONNECTED, NULL);
  }
}

static void
on_stream_ended (VmPeer *peer, VmPeerStream stream, VmLink *self)
{
  if (self->now && peer == self->now->peer
      && !vm_link_is_served_stream (self, stream))
    vm_link_end_stream (self, stream);
}

static void
on_peer_path (VmPeer *peer, VmLink *self)
{
  if (self->now && peer == self->now->peer)
    tell_path_in_use (self);
}

static void
set_deadlines (VmLink *self, VmPeerConfig *peer)
{
  const VmLinkConfig *config = self->config;

  if (config->dialect == VM_DIALECT_NAME_CALL) {
    peer->connect_ms = CALL_CONNECT_MS;
    peer->answer_ms = RING_MS;
    return;
  }
  peer->connect_ms =
      vm_attempts_time (self->failed, config->connect_timeout_ms);
  if (self->failed)
    peer->answer_ms = peer->connect_ms;
}

static VmPeer *
make_peer (VmLink *self, VmPeerConfig *peer, guint number)
{
  const VmLinkConfig *config = self->config;
  g_autoptr (GstClock) clock = NULL;

  self->owner->get_clock (self->controller, &clock, &peer->base_time);
  peer->clock = clock;
  peer->name = vm_participant_get_id (self->participant);
  peer->session = self->session;
  peer->generation = self->generation;
  peer->stun_server = config->stun_server;
  peer->turn_servers = (const gchar *const *) config->turn_servers;
  peer->paths = config->paths;
  peer->patient = self->failed > 0;
  peer->foreign = !*vm_participant_get_device_id (self->participant);
  vm_playout_configure (config->latency_ms, peer);
  peer->music = config->audio_profile == VM_AUDIO_PROFILE_MUSIC;
  set_deadlines (self, peer);
  vm_link_start_recording (self);
  return vm_peer_new (peer, vm_link_on_sample,
      vm_link_hearing_new (self, number), vm_link_hearing_free);
}

static void
watch_peer (VmLink *self, VmPeer *peer)
{
  g_signal_connect (peer, "state", G_CALLBACK (on_peer_state), self);
  g_signal_connect (
      peer, "key-unit-requested", G_CALLBACK (on_peer_key_unit), self);
  g_signal_connect (peer, "path", G_CALLBACK (on_peer_path), self);
  g_signal_connect (peer, "stream-ended", G_CALLBACK (on_stream_ended), self);
  vm_link_start_negotiating (self, peer);
  vm_link_start_talk (self, peer);
}

void
vm_link_connect (
    VmLink *self, gboolean offerer, const gchar *offer, VmMediaSession *media)
{
  VmPeerConfig config = { .offerer = offerer };
  VmConnection *connection = connection_new (media);
  g_autoptr (VmLink) alive = g_object_ref (self);
  g_autoptr (VmPeer) peer = NULL;
  g_autoptr (GError) error = NULL;

  vm_timer_clear (&self->renew_source);
  self->connected_at = g_get_monotonic_time ();
  self->given_up = FALSE;
  close_connection (self, &self->next);
  if (!vm_link_is_connected (self))
    vm_link_close_all (self);
  if (self->closed) {
    close_connection (self, &connection);
    return;
  }
  connection->number = ++self->connections;
  if (acquire_inputs (self, connection, offer, &config, &error))
    connection->peer = make_peer (self, &config, connection->number);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    gst_clear_caps (&config.send[i]);
  if (!connection->peer) {
    close_connection (self, &connection);
    if (offer)
      vm_link_tell_refusal (self, error);
    if (!self->now && offer && vm_link_awaits_codec (self, error))
      return;
    if (!self->now)
      vm_link_fail (self, error);
    else
      GST_WARNING ("%s: no other connection: %s",
          vm_participant_get_id (self->participant), error->message);
    return;
  }
  if (self->now) {
    self->next = connection;
  } else {
    self->now = connection;
    set_sending (self, connection);
  }
  peer = g_object_ref (connection->peer);
  watch_peer (self, peer);
  /* it may fail in either, and the participant be gone by that */
  vm_peer_start (peer);
  if (offer && vm_link_find_connection (self, peer))
    vm_peer_set_remote_description (peer, TRUE, offer);
  vm_link_add_early_candidates (self);
}

void
vm_link_set_clock (VmLink *self)
{
  g_autoptr (GstClock) clock = NULL;
  GstClockTime base_time;

  self->owner->get_clock (self->controller, &clock, &base_time);
  if (self->now)
    vm_peer_set_clock (self->now->peer, clock, base_time);
  if (self->next)
    vm_peer_set_clock (self->next->peer, clock, base_time);
  if (self->recorder)
    vm_recorder_hold (self->recorder, FALSE);
}

void
vm_link_pause (VmLink *self)
{
  if (self->recorder)
    vm_recorder_hold (self->recorder, TRUE);
}

gint
vm_link_take_audio_level (VmLink *self)
{
  return self->now ? vm_peer_take_audio_level (self->now->peer) : -1;
}

void
vm_link_note_audio_level (VmLink *self, gint level)
{
  if (level < 0)
    return;
  self->tells_level = TRUE;
  self->loudest = self->loudest < 0 ? level : MIN (self->loudest, level);
}

void
vm_link_add_sound_wish (VmLink *self, VmSoundWish *wish)
{
  VmPeerSound sound;

  if (self->now && vm_peer_get_sound (self->now->peer, &sound))
    vm_sound_wish_add (wish, &sound);
}

/* Nothing comes in silence. */
static void
add_level (VmLink *self, GstStructure *stats)
{
  if (self->tells_level)
    gst_structure_set (stats, "audio-level", G_TYPE_DOUBLE,
        -(gdouble) (self->loudest < 0 ? VM_LINK_SILENCE : self->loudest), NULL);
  self->loudest = -1;
}

void
vm_link_follow_delay (VmLink *self)
{
  if (self->now && self->playout)
    vm_peer_set_sound_wait (
        self->now->peer, vm_playout_get_sound_wait_ms (self->playout));
}

void
vm_link_check_stalled (VmLink *self)
{
  if (self->now)
    vm_peer_check_stalled (self->now->peer);
}

GstStructure *
vm_link_get_stats (VmLink *self)
{
  GstStructure *s = self->now ? vm_peer_get_stats (self->now->peer) : NULL;
  VmOutputSound sound;

  if (!s)
    s = gst_structure_new_empty ("vm-peer-stats");
  vm_link_get_sound (self, &sound);
  gst_structure_set (s, "audio-frames-recovered", G_TYPE_UINT64,
      sound.recovered, "audio-frames-concealed", G_TYPE_UINT64, sound.concealed,
      NULL);
  g_mutex_lock (&self->lock);
  gst_structure_set (s, "audio-frames-received", G_TYPE_UINT64,
      self->frames[VM_PEER_AUDIO], "video-frames-received", G_TYPE_UINT64,
      self->frames[VM_PEER_VIDEO], "screen-frames-received", G_TYPE_UINT64,
      self->frames[VM_PEER_SCREEN], NULL);
  g_mutex_unlock (&self->lock);
  gst_structure_set (s, "user", G_TYPE_STRING,
      vm_participant_get_user (self->participant), "path", G_TYPE_STRING,
      self->path.kind ? self->path.kind : "none", NULL);
  add_level (self, s);
  return s;
}

void
vm_link_close (VmLink *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  vm_timer_clear (&self->restart_source);
  vm_timer_clear (&self->offer_wait);
  vm_link_stop_negotiating (self);
  vm_timer_clear (&self->renew_source);
  vm_timer_clear (&self->detour_source);
  vm_timer_clear (&self->missed_source);
  vm_timer_clear (&self->retire_source);
  vm_timer_clear (&self->compare_source);
  vm_link_close_all (self);
  vm_link_end_files (self);
  vm_link_end_outputs (self);
  vm_link_stop_recording (self);
  self->owner->release_slot (self->controller, self->slot);
  self->owner->release_slot (self->controller, self->second_slot);
}
