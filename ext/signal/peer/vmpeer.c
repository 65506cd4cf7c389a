/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

GST_DEBUG_CATEGORY (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

enum
{
  SIGNAL_DESCRIPTION,
  SIGNAL_CANDIDATE,
  SIGNAL_STATE,
  SIGNAL_KEY_UNIT_REQUESTED,
  SIGNAL_KEY_UNIT_MISSED,
  SIGNAL_BITRATE_LIMIT,
  SIGNAL_PATH,
  SIGNAL_CHANNEL,
  SIGNAL_MESSAGE,
  SIGNAL_DATA,
  SIGNAL_DRAINED,
  SIGNAL_HEARTBEAT,
  SIGNAL_STREAM_ENDED,
  SIGNAL_MEDIA_REFUSED,
  SIGNAL_OFFER_REFUSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmPeer, vm_peer, G_TYPE_OBJECT)

/* The state */

/* Rows: from; columns: to. Whatever is not over may fail, and everything ends
 * closed, once. */
static const gboolean edges[VM_PEER_N_STATES][VM_PEER_N_STATES] = {
  [VM_PEER_STATE_NEW] = { FALSE, TRUE, FALSE, TRUE, TRUE },
  [VM_PEER_STATE_CONNECTING] = { FALSE, FALSE, TRUE, TRUE, TRUE },
  [VM_PEER_STATE_CONNECTED] = { FALSE, FALSE, FALSE, TRUE, TRUE },
  [VM_PEER_STATE_FAILED] = { FALSE, FALSE, FALSE, FALSE, TRUE },
  [VM_PEER_STATE_CLOSED] = { FALSE, FALSE, FALSE, FALSE, FALSE },
};

const gchar *
vm_peer_state_to_string (VmPeerState state)
{
  static const gchar *const names[VM_PEER_N_STATES] = { "new", "connecting",
    "connected", "failed", "closed" };

  g_return_val_if_fail ((guint) state < VM_PEER_N_STATES, "");

  return names[state];
}

gboolean
vm_peer_state_move (VmPeerState *state, VmPeerState to, const gchar *name)
{
  if (!edges[*state][to]) {
    g_warning ("Peer %s: no way from %s to %s", name,
        vm_peer_state_to_string (*state), vm_peer_state_to_string (to));
    return FALSE;
  }
  *state = to;
  return TRUE;
}

static void
set_state (VmPeer *self, VmPeerState state)
{
  VmPeerState from = self->state;

  if (vm_peer_state_move (&self->state, state, self->name))
    GST_INFO_OBJECT (self->pipeline, "%s -> %s", vm_peer_state_to_string (from),
        vm_peer_state_to_string (state));
}

gboolean
vm_peer_is_live (VmPeer *self)
{
  return self->state < VM_PEER_STATE_FAILED;
}

static gboolean
on_deadline (gpointer user_data)
{
  VmPeer *self = user_data;

  vm_peer_fail (self, VM_ERROR_TIMEOUT,
      self->remote_set
          ? "No connection to the other side within %u seconds; a firewall may "
            "be in the way"
          : "No answer from the other side within %u seconds",
      self->deadline_ms / 1000);
  return G_SOURCE_REMOVE;
}

void
vm_peer_start_deadline (VmPeer *self, guint ms)
{
  vm_timer_clear (&self->deadline);
  self->deadline_ms = ms;
  self->deadline = vm_timer_new (self->context, ms, on_deadline, self);
}

static gboolean
on_goodbye (gpointer user_data)
{
  VmPeer *self = user_data;

  self->closed_by_other = TRUE;
  vm_peer_fail (
      self, VM_ERROR_DISCONNECTED, "The other side has closed the connection");
  return G_SOURCE_REMOVE;
}

void
vm_peer_closed_by_other (VmPeer *self, gpointer data)
{
  if (!self->goodbye)
    self->goodbye =
        vm_timer_new (self->context, VM_PEER_CLOSED_MS, on_goodbye, self);
}

gboolean
vm_peer_get_closed_by_other (VmPeer *self)
{
  g_return_val_if_fail (VM_IS_PEER (self), FALSE);

  return self->closed_by_other;
}

/* --- end of a peer --- */

/* Everything but the state. Nothing of this peer runs afterwards but the
 * worker that takes its pipeline down. */
static void
stop (VmPeer *self)
{
  if (self->stopped)
    return;
  self->stopped = TRUE;
  self->last_stats = vm_peer_stats_read (self);
  vm_timer_clear (&self->deadline);
  vm_timer_clear (&self->goodbye);
  vm_peer_key_unit_stop (self);
  vm_peer_ice_stop (self);
  vm_peer_channels_stop (self);
  vm_peer_link_close (self->link);
  vm_peer_pipeline_stop (self);
}

void
vm_peer_take_failure (VmPeer *self, GError *error)
{
  g_autoptr (GError) owned = error;
  g_autoptr (VmPeer) keep = NULL;

  if (!vm_peer_is_live (self))
    return;
  keep = g_object_ref (self);
  GST_WARNING_OBJECT (self->pipeline, "%s", owned->message);
  set_state (self, VM_PEER_STATE_FAILED);
  stop (self);
  g_signal_emit (
      self, signals[SIGNAL_STATE], 0, (guint) VM_PEER_STATE_FAILED, owned);
}

void
vm_peer_fail (VmPeer *self, VmError code, const gchar *format, ...)
{
  GError *error;
  va_list args;

  va_start (args, format);
  error = g_error_new_valist (VM_ERROR, code, format, args);
  va_end (args);
  vm_peer_take_failure (self, error);
}

void
vm_peer_linger (VmPeer *self)
{
  g_return_if_fail (VM_IS_PEER (self));

  g_atomic_int_set (&self->link->lingers, TRUE);
}

void
vm_peer_close (VmPeer *self)
{
  g_return_if_fail (VM_IS_PEER (self));

  if (self->state == VM_PEER_STATE_CLOSED)
    return;
  g_object_ref (self);
  stop (self);
  set_state (self, VM_PEER_STATE_CLOSED);
  g_signal_emit (
      self, signals[SIGNAL_STATE], 0, (guint) VM_PEER_STATE_CLOSED, NULL);
  g_object_unref (self);
}

/* --- life --- */

static void
vm_peer_dispose (GObject *object)
{
  VmPeer *self = VM_PEER (object);

  if (self->link && self->state != VM_PEER_STATE_CLOSED) {
    stop (self);
    self->state = VM_PEER_STATE_CLOSED;
  }
  G_OBJECT_CLASS (vm_peer_parent_class)->dispose (object);
}

static void
vm_peer_finalize (GObject *object)
{
  VmPeer *self = VM_PEER (object);

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    gst_clear_caps (&self->send[i]);
  vm_peer_clear_mlines (self);
  g_free (self->name);
  g_free (self->session);
  g_free (self->stun_server);
  g_strfreev (self->turn_servers);
  g_strfreev (self->local_addresses);
  g_free (self->local_address);
  g_free (self->remote_address);
  g_queue_clear_full (&self->early, vm_peer_early_free);
  g_ptr_array_unref (self->found);
  g_clear_pointer (&self->remote, vm_peer_remote_free);
  g_clear_pointer (&self->next, vm_peer_remote_free);
  g_clear_pointer (&self->next_named, gst_sdp_message_free);
  g_free (self->waiting);
  g_ptr_array_unref (self->channels);
  g_object_unref (self->cancellable);
  gst_clear_structure (&self->last_stats);
  g_clear_pointer (&self->link, vm_peer_link_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  G_OBJECT_CLASS (vm_peer_parent_class)->finalize (object);
}

static void
vm_peer_class_init (VmPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (vm_peer_debug, "vmpeer", 0, "one remote peer");
  object_class->dispose = vm_peer_dispose;
  object_class->finalize = vm_peer_finalize;

#define SIGNAL(name, ...)                                                   \
  g_signal_new (name, VM_TYPE_PEER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, \
      G_TYPE_NONE, __VA_ARGS__)
  signals[SIGNAL_DESCRIPTION] =
      SIGNAL ("description", 2, G_TYPE_BOOLEAN, G_TYPE_STRING);
  signals[SIGNAL_CANDIDATE] =
      SIGNAL ("candidate", 2, G_TYPE_UINT, G_TYPE_STRING);
  signals[SIGNAL_HEARTBEAT] = SIGNAL ("heartbeat", 1, G_TYPE_BOOLEAN);
  signals[SIGNAL_STATE] = SIGNAL ("state", 2, G_TYPE_UINT, G_TYPE_ERROR);
  signals[SIGNAL_KEY_UNIT_REQUESTED] =
      SIGNAL ("key-unit-requested", 1, G_TYPE_UINT);
  signals[SIGNAL_KEY_UNIT_MISSED] = SIGNAL ("key-unit-missed", 1, G_TYPE_UINT);
  signals[SIGNAL_BITRATE_LIMIT] = SIGNAL ("bitrate-limit", 1, G_TYPE_UINT);
  signals[SIGNAL_PATH] = SIGNAL ("path", 0);
  signals[SIGNAL_CHANNEL] =
      SIGNAL ("channel", 2, G_TYPE_STRING, G_TYPE_BOOLEAN);
  signals[SIGNAL_MESSAGE] = SIGNAL ("message", 2, G_TYPE_STRING, G_TYPE_STRING);
  signals[SIGNAL_DATA] = SIGNAL ("data", 2, G_TYPE_STRING, G_TYPE_BYTES);
  signals[SIGNAL_DRAINED] = SIGNAL ("drained", 1, G_TYPE_STRING);
  signals[SIGNAL_STREAM_ENDED] = SIGNAL ("stream-ended", 1, G_TYPE_UINT);
  signals[SIGNAL_MEDIA_REFUSED] = SIGNAL ("media-refused", 1, G_TYPE_ERROR);
  signals[SIGNAL_OFFER_REFUSED] = SIGNAL ("offer-refused", 1, G_TYPE_ERROR);
#undef SIGNAL
}

static void
vm_peer_init (VmPeer *self)
{
  self->context = g_main_context_ref_thread_default ();
  g_queue_init (&self->early);
  self->found = g_ptr_array_new_with_free_func (g_free);
  self->channels = g_ptr_array_new ();
  self->cancellable = g_cancellable_new ();
  self->rtt_ms = -1;
}

VmPeer *
vm_peer_new (const VmPeerConfig *config, VmPeerSampleFunc func,
    gpointer user_data, GDestroyNotify notify)
{
  VmPeer *self = g_object_new (VM_TYPE_PEER, NULL);
  g_autoptr (GError) error = NULL;

  self->name = g_strdup (config->name ? config->name : "peer");
  self->session = g_strdup (config->session);
  self->generation = config->generation;
  self->offerer = config->offerer;
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    self->send[i] = config->send[i] ? gst_caps_ref (config->send[i]) : NULL;
    self->receive[i] = config->receive[i];
  }
  self->many = config->many;
  self->bare = config->bare;
  self->music = config->music;
  self->foreign = config->foreign;
  self->stun_server = g_strdup (config->stun_server);
  self->turn_servers = g_strdupv ((gchar **) config->turn_servers);
  self->local_addresses = g_strdupv ((gchar **) config->local_addresses);
  self->paths = config->paths ? config->paths : VM_PATH_ALL;
  self->patient = config->patient;
  self->latency_ms = config->latency_ms;
  self->connect_ms =
      config->connect_ms ? config->connect_ms : VM_PEER_CONNECT_MS;
  self->answer_ms = config->answer_ms;
  self->link = vm_peer_link_new (self, self->context, func, user_data, notify);
  self->link->sound_wait_ms = config->sound_wait_ms;
  if (!vm_peer_pipeline_build (self, config->clock, config->base_time, &error))
    g_warning ("Peer %s: %s", self->name, error->message);
  return self;
}

void
vm_peer_start (VmPeer *self)
{
  GError *error = NULL;

  g_return_if_fail (VM_IS_PEER (self));
  g_return_if_fail (self->state == VM_PEER_STATE_NEW);

  self->start_time = g_get_monotonic_time ();
  if (!self->pipeline) {
    vm_peer_fail (
        self, VM_ERROR_FAILED, "GStreamer's WebRTC elements are not installed");
    return;
  }
  set_state (self, VM_PEER_STATE_CONNECTING);
  vm_peer_start_deadline (self,
      self->offerer && self->answer_ms ? self->answer_ms : self->connect_ms);
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING)
      == GST_STATE_CHANGE_FAILURE) {
    vm_peer_fail (self, VM_ERROR_FAILED, "A peer connection does not start");
    return;
  }
  vm_peer_ice_setup (self);
  g_signal_emit (
      self, signals[SIGNAL_STATE], 0, (guint) VM_PEER_STATE_CONNECTING, NULL);
  if (!vm_peer_is_live (self) || !self->offerer)
    return;
  if (vm_peer_plan_offer (self, &error))
    vm_peer_create_offer (self);
  else
    vm_peer_take_failure (self, error);
}

/* ICE and DTLS are done and the certificate is the one the description names.
 * Called whenever one of the three may have become true. */
void
vm_peer_check_connected (VmPeer *self)
{
  guint connection = 0;

  if (self->state != VM_PEER_STATE_CONNECTING
      || g_atomic_int_get (&self->link->gate) != VM_PEER_GATE_OPEN)
    return;
  g_object_get (self->webrtc, "connection-state", &connection, NULL);
  if (connection != 2) /* GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED */
    return;
  if (!vm_peer_ice_check_path (self))
    return;
  vm_timer_clear (&self->deadline);
  self->connected_time = g_get_monotonic_time ();
  set_state (self, VM_PEER_STATE_CONNECTED);
  vm_peer_send_start (self);
  g_signal_emit (
      self, signals[SIGNAL_STATE], 0, (guint) VM_PEER_STATE_CONNECTED, NULL);
  vm_peer_send_ask_key_units (self);
}

/* --- small public functions --- */

gboolean
vm_peer_path_equal (const VmPeerPath *a, const VmPeerPath *b)
{
  return g_strcmp0 (a->kind, b->kind) == 0
         && g_strcmp0 (a->protocol, b->protocol) == 0
         && a->ip_version == b->ip_version;
}

gboolean
vm_peer_get_path (VmPeer *self, VmPeerPath *path)
{
  g_return_val_if_fail (VM_IS_PEER (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  *path = self->path;
  return path->kind != NULL;
}

const gchar *
vm_peer_get_local_address (VmPeer *self)
{
  g_return_val_if_fail (VM_IS_PEER (self), NULL);

  return self->local_address;
}

gint64
vm_peer_get_heard_at (VmPeer *self)
{
  gint64 heard;

  g_return_val_if_fail (VM_IS_PEER (self), 0);

  g_mutex_lock (&self->link->lock);
  heard = self->link->heard_at;
  g_mutex_unlock (&self->link->lock);
  return heard;
}

gboolean
vm_peer_receives (VmPeer *self, VmPeerStream stream)
{
  g_return_val_if_fail (VM_IS_PEER (self), FALSE);

  for (guint i = 0; i < self->n_mlines; i++) {
    if (self->mlines[i].stream == (gint) stream && self->mlines[i].receive)
      return TRUE;
  }
  return FALSE;
}

const gchar *
vm_peer_get_remote_address (VmPeer *self)
{
  g_return_val_if_fail (VM_IS_PEER (self), NULL);

  return self->remote_address;
}

VmPeerState
vm_peer_get_state (VmPeer *self)
{
  g_return_val_if_fail (VM_IS_PEER (self), VM_PEER_STATE_CLOSED);

  return self->state;
}

GstStructure *
vm_peer_get_stats (VmPeer *self)
{
  g_return_val_if_fail (VM_IS_PEER (self), NULL);

  return self->stopped ? gst_structure_copy (self->last_stats)
                       : vm_peer_stats_read (self);
}
