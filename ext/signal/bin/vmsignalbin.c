/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmsignalbin
 * @title: vmsignalbin
 * @short_description: a meeting, as one element
 *
 * Everything between a source and the people it is meant for: vmsignalbin
 * finds or hosts a meeting on the local network, connects to each participant
 * by WebRTC, sends what arrives on its sink pads, and adds src pads for what
 * the others send. It exists so that a call is one line and needs no signalling
 * code in the application.
 *
 * Sink pads are asked for by name: `audio_sink_0`, `video_sink_0` (camera) and
 * `video_sink_1` (screen), raw or already encoded. Raw input is encoded once
 * for all participants. Src pads come and go with the participants:
 * `audio_src_N` and `video_src_N` carry the same number for the same
 * participant, the lowest one that is free, so the first other participant is
 * always number 0. A src pad that nobody links costs no decoding.
 *
 * Files go to the pads `file_sink_N`, one participant each: the property `to`
 * of the pad is its id or name, and may be left out where there is only one
 * other. What a participant sends comes out of `file_src_N`, once it offers
 * something; a file that no linked element takes is declined. Over data
 * channels, or, where the receiver's device is reached on its own address, over
 * WSS (`file-wss`), which is faster; when one dies the other goes on. They are
 * made for vmfilesrc and vmfilesink, which cut, verify and resume. When nothing
 * but files is sent the element ends with the last of them.
 *
 * The element is live; it posts element messages for all that happens, named
 * `vm-…`: `gst-launch-1.0 -m` shows them. Applications may connect to a signal
 * of the same name without `vm-`, which has the message's structure and is
 * emitted on the thread that posts it. What people say and do is done by action
 * signals; muting, a status and a raised hand are properties, so that a launch
 * line can have them too.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 vmsignalbin name=m meeting=standup mode=host \
 *   videotestsrc is-live=true ! m.video_sink_0 \
 *   audiotestsrc is-live=true wave=ticks ! m.audio_sink_0 \
 *   m.video_src_0 ! queue ! videoconvert ! autovideosink \
 *   m.audio_src_0 ! queue ! audioconvert ! autoaudiosink
 * ]|
 * Hosts the meeting "standup" with a test picture and ticks, and shows whoever
 * joins first.
 * |[
 * gst-launch-1.0 -e vmsignalbin name=m meeting=standup mode=join \
 *   record-dir=calls m.video_src_0 ! fakesink
 * ]|
 * Joins "standup" without sending anything and records each participant into a
 * Matroska file of its own, without transcoding.
 * |[
 * gst-launch-1.0 vmsignalbin name=m meeting=standup mode=join \
 *   file_sink_0::to=Ann vmfilesrc location=a.iso ! m.file_sink_0
 * ]|
 * Sends Ann a file and leaves once she has verified it.
 * |[
 * gst-launch-1.0 -m vmsignalbin name=m meeting=standup mode=host \
 *   m.file_src_0 ! vmfilesink directory=in
 * ]|
 * Hosts the meeting and receives in the folder "in" what whoever joins first
 * sends, and when that one has left the next.
 */

#include "bin/vmsignalbin-priv.h"
#include "bin/vmsignalpad.h"
#include "media/vmoutput.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

GST_DEBUG_CATEGORY (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

static void vm_signal_bin_uri_init (gpointer iface, gpointer data);
static void vm_signal_bin_child_proxy_init (gpointer iface, gpointer data);

G_DEFINE_FINAL_TYPE_WITH_CODE (VmSignalBin, vm_signal_bin, GST_TYPE_BIN,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER, vm_signal_bin_uri_init)
        G_IMPLEMENT_INTERFACE (
            GST_TYPE_CHILD_PROXY, vm_signal_bin_child_proxy_init))
GST_ELEMENT_REGISTER_DEFINE (
    vmsignalbin, "vmsignalbin", GST_RANK_NONE, VM_TYPE_SIGNAL_BIN)

/* The controller */

VmController *
vm_signal_bin_ref_controller (VmSignalBin *self)
{
  VmController *controller;

  GST_OBJECT_LOCK (self);
  controller = self->controller ? vm_controller_ref (self->controller) : NULL;
  GST_OBJECT_UNLOCK (self);
  return controller;
}

/* The bus */

void
vm_signal_bin_post (VmSignalBin *self, GstStructure *structure)
{
  vm_signal_bin_tell_bridge (self, structure);
  vm_signal_bin_tell (self, structure);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

void
vm_signal_bin_fail (VmSignalBin *self, const GError *error)
{
  const gchar *code = vm_error_get_code (error);

  if (g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND))
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_FOUND,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_PIN)
           || g_error_matches (error, VM_ERROR, VM_ERROR_NOT_TRUSTED)
           || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_LOCKED)
           || g_error_matches (error, VM_ERROR, VM_ERROR_KICKED))
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_AUTHORIZED,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_FULL))
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, BUSY,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, OPEN_READ_WRITE,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
}

/* The output that @object is a part of, or NULL. Returns: (transfer full) */
static VmOutput *
find_output (VmSignalBin *self, GstObject *object)
{
  g_autoptr (GstObject) at = object ? gst_object_ref (object) : NULL;

  while (at && at != GST_OBJECT (self)) {
    GstObject *parent;

    if (VM_IS_OUTPUT (at))
      return VM_OUTPUT (g_steal_pointer (&at));
    parent = gst_object_get_parent (at);
    gst_object_unref (at);
    at = parent;
  }
  return NULL;
}

/* An error in the data of one participant must not end the meeting. */
static void
warn_of_output (VmSignalBin *self, VmOutput *output, GstMessage *failure)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  gst_message_parse_error (failure, &error, &debug);
  GST_ELEMENT_WARNING_WITH_DETAILS (self, STREAM, DECODE,
      ("A participant's stream cannot be decoded: %s", error->message),
      ("%s", debug),
      ("participant-id", G_TYPE_STRING, vm_output_get_participant_id (output),
          "stream-id", G_TYPE_STRING, vm_output_get_stream_id (output), NULL));
}

static void
vm_signal_bin_handle_message (GstBin *bin, GstMessage *message)
{
  VmSignalBin *self = VM_SIGNAL_BIN (bin);
  g_autoptr (VmOutput) output = NULL;

  if (vm_signal_bin_is_of_bridge (self, message)) {
    gst_message_unref (message);
    return;
  }
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_EOS:
      /* when the element is at its end is decided by all inputs together */
      gst_message_unref (message);
      return;
    case GST_MESSAGE_ERROR:
      output = find_output (self, GST_MESSAGE_SRC (message));
      if (output) {
        warn_of_output (self, output, message);
        gst_message_unref (message);
        return;
      }
      break;
    default:
      break;
  }
  GST_BIN_CLASS (vm_signal_bin_parent_class)->handle_message (bin, message);
}

/* The settings of a meeting */

static void
fill_codecs (VmControllerConfig *config, const gchar *list)
{
  g_auto (GStrv) names = g_strsplit (list, ",", -1);
  guint n = 0;

  for (guint i = 0; i < VM_CODEC_N; i++)
    config->link.codecs[i] = VM_CODEC_NONE;
  for (guint i = 0; names[i] && n < VM_CODEC_N; i++) {
    VmCodec codec = vm_codec_from_name (g_strstrip (names[i]));

    if (codec != VM_CODEC_NONE && !vm_codec_is_audio (codec))
      config->link.codecs[n++] = codec;
  }
}

static void
fill_config (VmSignalBin *self, VmControllerConfig *config)
{
  GST_OBJECT_LOCK (self);
  config->mode = self->mode;
  config->link.dialect = self->dialect;
  config->link.call_type = self->call_type;
  config->uri = g_strdup (self->uri);
  config->meeting = g_strdup (self->meeting);
  config->user = g_strdup (self->user);
  config->pin = g_strdup (self->pin);
  config->host_key = g_strdup (self->host_key);
  config->ask_host = self->ask_host;
  config->call_to = g_strdup (self->call_to);
  config->auto_accept = self->auto_accept;
  config->rejoin = self->rejoin;
  config->cap_token = g_strdup (self->cap_token);
  config->api_secret = g_strdup (self->api_secret);
  config->make_room = self->make_room;
  config->cloud_uri = g_strdup (self->cloud_uri);
  config->via = g_strdup (self->via);
  config->origin_id = g_strdup (self->origin_id);
  config->link.receive = self->receive;
  config->link.audio_profile = self->audio_profile;
  config->link.stun_server = g_strdup (self->stun_server);
  config->link.record_dir = g_strdup (self->record_dir);
  config->link.turn_servers = self->turn_servers && *self->turn_servers
                                  ? g_strsplit (self->turn_servers, ",", -1)
                                  : NULL;
  config->link.paths = vm_path_kinds_from_string (self->fallback);
  if (self->ice_transport_policy == VM_ICE_TRANSPORT_POLICY_RELAY)
    config->link.paths &= ~VM_PATH_DIRECT;
  config->link.decode = self->decode;
  config->end_when_alone = self->end_when_alone;
  config->link.file_wss = self->file_wss;
  config->max_participants = self->max_participants;
  config->link.latency_ms = vm_playout_parse_latency (self->latency);
  config->link.key_frame_interval_ms = self->key_frame_interval;
  config->link.connect_timeout_ms = self->connect_timeout;
  fill_codecs (config, self->codecs);
  GST_OBJECT_UNLOCK (self);
  if (config->uri && config->mode == VM_MEETING_MODE_AUTO)
    config->mode = VM_MEETING_MODE_JOIN;
}

/* A host who gives no name calls the meeting after itself. */
static gchar *
default_meeting (const VmControllerConfig *config)
{
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autofree gchar *user = NULL;

  if (!config->user)
    g_object_get (node, "user", &user, NULL);
  return g_strdup_printf ("%s's meeting", config->user ? config->user : user);
}

/* A folder to write into: what is wrong is said before somebody has come. */
static gboolean
prepare_folder (VmSignalBin *self, const gchar *path)
{
  const gchar *failed = "cannot be made";
  g_autofree gchar *trial = g_build_filename (path, ".vm-XXXXXX", NULL);
  gint fd, reason;

  if (g_mkdir_with_parents (path, 0700) == 0) {
    fd = g_mkstemp (trial);
    if (fd >= 0) {
      close (fd);
      g_unlink (trial);
      return TRUE;
    }
    failed = "cannot be written to";
  }
  reason = errno;
  GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, OPEN_WRITE,
      ("The folder %s for recordings %s: %s", path, failed,
          g_strerror (reason)),
      (NULL), ("property", G_TYPE_STRING, "record-dir", NULL));
  return FALSE;
}

/* The functions of VmControllerBin */

static void
mute (VmSignalBin *self, gboolean audio, gboolean video)
{
  if (audio)
    g_object_set (self, "mute-audio", TRUE, NULL);
  if (video)
    g_object_set (self, "mute-video", TRUE, NULL);
}

static void
read_presence (VmSignalBin *self, VmControllerPresence *presence)
{
  GST_OBJECT_LOCK (self);
  presence->mute_audio = self->mute_audio;
  presence->mute_video = self->mute_video;
  presence->hand = self->hand;
  presence->status = g_strdup (self->status);
  GST_OBJECT_UNLOCK (self);
}

static const VmControllerBin controller_bin = {
  .link = { .post = vm_signal_bin_post,
      .get_input = vm_signal_bin_get_input,
      .add_output = vm_signal_bin_add_output,
      .end_output = vm_signal_bin_end_output,
      .link_free_sink = vm_signal_bin_link_free_sink },
  .fail = vm_signal_bin_fail,
  .ended = vm_signal_bin_ended,
  .inputs_ready = vm_signal_bin_inputs_ready,
  .list_file_pads = vm_signal_bin_list_file_pads,
  .mute = mute,
  .read_presence = read_presence,
};

/* States */

/* FALSE: a setting cannot be used, which the bus is told. */
static gboolean
check_config (VmSignalBin *self, const VmControllerConfig *config)
{
  const gchar *property, *message;

  if (config->link.codecs[0] == VM_CODEC_NONE) {
    property = "codecs";
    message = "codecs names no video codec; use vp8, h264 or vp9";
  } else if (config->link.latency_ms == VM_LATENCY_NONE) {
    property = "latency";
    message = "latency is auto, or milliseconds from 0 to 10000";
  } else if (!(config->link.paths & (VM_PATH_DIRECT | VM_PATH_RELAY))) {
    property = "fallback";
    message = "fallback leaves no path to the others; use some of host, srflx, "
              "relay and cloud, and relay where ice-transport-policy is relay";
  } else if ((config->call_to || config->auto_accept)
             && config->link.dialect != VM_DIALECT_NAME_CALL) {
    property = config->call_to ? "call-to" : "auto-accept";
    message = "call-to and auto-accept are for a server of calls: set "
              "dialect=call and uri=ws://HOST:PORT/USER";
  } else if (!config->uri && !config->meeting) {
    property = "meeting";
    message =
        "Which meeting? Set meeting=NAME or uri=videomeet://HOST:PORT/NAME";
  } else {
    return TRUE;
  }
  GST_ELEMENT_ERROR_WITH_DETAILS (self, LIBRARY, SETTINGS, ("%s", message),
      (NULL), ("property", G_TYPE_STRING, property, NULL));
  return FALSE;
}

static gboolean
start_controller (VmSignalBin *self)
{
  VmControllerConfig config = { 0 };

  fill_config (self, &config);
  if (!config.uri && !config.meeting && config.mode != VM_MEETING_MODE_JOIN)
    config.meeting = default_meeting (&config);
  if (!check_config (self, &config)) {
    vm_controller_config_clear (&config);
    return FALSE;
  }
  if (config.link.record_dir
      && !prepare_folder (self, config.link.record_dir)) {
    vm_controller_config_clear (&config);
    return FALSE;
  }
  if (!vm_signal_bin_take_node (self, &config)) {
    vm_controller_config_clear (&config);
    return FALSE;
  }
  g_atomic_int_set (&self->ended, FALSE);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    g_autoptr (VmInput) input = vm_signal_bin_get_input (self, i);

    if (input)
      vm_input_begin (input);
  }
  GST_OBJECT_LOCK (self);
  self->controller =
      vm_controller_new (&controller_bin, self, self->node, &config);
  GST_OBJECT_UNLOCK (self);
  return vm_signal_bin_start_bridge (self);
}

static void
stop_controller (VmSignalBin *self)
{
  VmController *controller;

  vm_signal_bin_stop_bridge (self);
  GST_OBJECT_LOCK (self);
  controller = g_steal_pointer (&self->controller);
  GST_OBJECT_UNLOCK (self);
  if (controller)
    vm_controller_stop (controller);
  vm_signal_bin_remove_outputs (self);
  vm_signal_bin_drop_node (self);
}

static GstStateChangeReturn
vm_signal_bin_change_state (GstElement *element, GstStateChange transition)
{
  VmSignalBin *self = VM_SIGNAL_BIN (element);
  g_autoptr (GstClock) clock = NULL;
  GstStateChangeReturn ret;

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      vm_peer_prepare ();
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!start_controller (self)) {
        stop_controller (self);
        return GST_STATE_CHANGE_FAILURE;
      }
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      vm_controller_pause (self->controller);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      stop_controller (self);
      break;
    default:
      break;
  }
  ret = GST_ELEMENT_CLASS (vm_signal_bin_parent_class)
            ->change_state (element, transition);
  if (ret == GST_STATE_CHANGE_FAILURE) {
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
      stop_controller (self);
    return ret;
  }
  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      /* live: nothing comes in PAUSED, and nobody shall wait for it */
      return GST_STATE_CHANGE_NO_PREROLL;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      clock = gst_element_get_clock (element);
      vm_controller_play (
          self->controller, clock, gst_element_get_base_time (element));
      /* a bin forgets on its way to PAUSED who has come to the end */
      if (g_atomic_int_get (&self->ended))
        gst_element_post_message (
            element, gst_message_new_eos (GST_OBJECT (self)));
      break;
    default:
      break;
  }
  return ret;
}

/* To what comes in; the elements in here cannot seek. Whether one of them did.
 */
static gboolean
seek (GstElement *element, GstEvent *event)
{
  g_autoptr (GstIterator) pads = gst_element_iterate_sink_pads (element);
  g_auto (GValue) item = G_VALUE_INIT;
  gboolean done = FALSE;

  while (gst_iterator_next (pads, &item) == GST_ITERATOR_OK) {
    done |=
        gst_pad_push_event (g_value_get_object (&item), gst_event_ref (event));
    g_value_reset (&item);
  }
  gst_event_unref (event);
  return done;
}

/* An application's EOS ends the meeting: bye, EOS on every src pad, its own. */
static gboolean
vm_signal_bin_send_event (GstElement *element, GstEvent *event)
{
  VmSignalBin *self = VM_SIGNAL_BIN (element);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

    gst_event_unref (event);
    if (controller)
      vm_controller_hang_up (controller);
    else
      vm_signal_bin_ended (self);
    return TRUE;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK)
    return seek (element, event);
  return GST_ELEMENT_CLASS (vm_signal_bin_parent_class)
      ->send_event (element, event);
}

static void
vm_signal_bin_finalize (GObject *object)
{
  VmSignalBin *self = VM_SIGNAL_BIN (object);

  g_free (self->uri);
  g_free (self->meeting);
  g_free (self->user);
  g_free (self->pin);
  g_free (self->host_key);
  g_free (self->cap_token);
  g_free (self->api_secret);
  g_free (self->stun_server);
  g_free (self->turn_servers);
  g_free (self->record_dir);
  g_free (self->codecs);
  g_free (self->latency);
  g_free (self->fallback);
  g_free (self->status);
  g_free (self->tls_cert);
  g_free (self->tls_key);
  g_free (self->interfaces);
  g_free (self->call_to);
  g_free (self->cloud_uri);
  g_free (self->cloud_pin);
  g_free (self->via);
  g_free (self->origin_id);
  g_ptr_array_unref (self->outlets);
  g_ptr_array_unref (self->file_pads);
  G_OBJECT_CLASS (vm_signal_bin_parent_class)->finalize (object);
}

/* videomeet://HOST:PORT/MEETING as a source for playbin and uridecodebin */

static GstURIType
vm_signal_bin_uri_get_type (GType type)
{
  return GST_URI_SRC;
}

static const gchar *const *
vm_signal_bin_uri_get_protocols (GType type)
{
  static const gchar *const protocols[] = { "videomeet", "janus+ws",
    "janus+wss", NULL };

  return protocols;
}

static gchar *
vm_signal_bin_uri_get_uri (GstURIHandler *handler)
{
  VmSignalBin *self = VM_SIGNAL_BIN (handler);
  gchar *uri;

  GST_OBJECT_LOCK (self);
  uri = g_strdup (self->uri);
  GST_OBJECT_UNLOCK (self);
  return uri;
}

static gboolean
vm_signal_bin_uri_set_uri (
    GstURIHandler *handler, const gchar *uri, GError **error)
{
  VmSignalBin *self = VM_SIGNAL_BIN (handler);
  gboolean ready;

  GST_OBJECT_LOCK (self);
  ready = GST_STATE (self) <= GST_STATE_READY;
  GST_OBJECT_UNLOCK (self);
  if (!ready) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
        "The URI can be set in the states NULL and READY only");
    return FALSE;
  }
  g_object_set (self, "uri", uri, NULL);
  return TRUE;
}

static void
vm_signal_bin_uri_init (gpointer iface, gpointer data)
{
  GstURIHandlerInterface *handler = iface;

  handler->get_type = vm_signal_bin_uri_get_type;
  handler->get_protocols = vm_signal_bin_uri_get_protocols;
  handler->get_uri = vm_signal_bin_uri_get_uri;
  handler->set_uri = vm_signal_bin_uri_set_uri;
}

static void
vm_signal_bin_child_proxy_init (gpointer iface, gpointer data)
{
  ((GstChildProxyInterface *) iface)->get_child_by_name =
      vm_signal_bin_find_child;
}

static void
vm_signal_bin_class_init (VmSignalBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBinClass *bin_class = GST_BIN_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      vm_signal_debug, "vmsignalbin", 0, "vmsignalbin and its peers");
  object_class->finalize = vm_signal_bin_finalize;
  vm_signal_bin_install_properties (object_class);

  vm_signal_bin_install_signals ();

  vm_signal_bin_install_pads (element_class);
  element_class->change_state = vm_signal_bin_change_state;
  element_class->send_event = vm_signal_bin_send_event;
  element_class->set_context = vm_signal_bin_set_context;
  bin_class->handle_message = vm_signal_bin_handle_message;
  gst_element_class_set_static_metadata (element_class,
      "Video meeting (videomeet)", "Source/Sink/Network/WebRTC",
      "Hosts or joins a meeting on the local network: sends what its sink pads "
      "get to every participant, and has src pads for each of them",
      "The gst-videomeet developers");
  vm_signal_bin_describe_signals (element_class);
  gst_type_mark_as_plugin_api (VM_TYPE_SIGNAL_PAD, 0);
  gst_type_mark_as_plugin_api (VM_TYPE_FILE_PAD, 0);
}

static void
vm_signal_bin_init (VmSignalBin *self)
{
  self->decode = self->file_wss = self->rejoin = self->receive = TRUE;
  self->policy = VM_POLICY_PIN;
  self->max_participants = DEFAULT_MAX_PARTICIPANTS;
  self->latency = g_strdup (DEFAULT_LATENCY);
  self->codecs = g_strdup (DEFAULT_CODECS);
  self->fallback = g_strdup (DEFAULT_FALLBACK);
  self->start_bitrate = DEFAULT_START_BITRATE;
  self->key_frame_interval = DEFAULT_KEY_FRAME_INTERVAL_MS;
  self->connect_timeout = DEFAULT_CONNECT_TIMEOUT_MS;
  self->outlets = g_ptr_array_new ();
  self->file_pads = g_ptr_array_new_with_free_func (gst_object_unref);
  /* children that come and go with a meeting do not change the element's flags
   */
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
}
