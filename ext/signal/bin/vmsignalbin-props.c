/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of vmsignalbin. */

#include "bin/vmsignalbin-priv.h"

enum
{
  PROP_0,
  PROP_MODE,
  PROP_URI,
  PROP_DIALECT,
  PROP_CAP_TOKEN,
  PROP_API_SECRET,
  PROP_MAKE_ROOM,
  PROP_CLOUD_URI,
  PROP_CLOUD_PIN,
  PROP_BRIDGE,
  PROP_RECEIVE,
  PROP_VIA,
  PROP_ORIGIN_ID,
  PROP_MEETING,
  PROP_CALL_TO,
  PROP_AUTO_ACCEPT,
  PROP_USER,
  PROP_CALL_TYPE,
  PROP_MAX_PARTICIPANTS,
  PROP_PIN,
  PROP_HOST_KEY,
  PROP_ASK_HOST,
  PROP_REJOIN,
  PROP_STUN_SERVER,
  PROP_TURN_SERVERS,
  PROP_ICE_TRANSPORT_POLICY,
  PROP_FALLBACK,
  PROP_PORT,
  PROP_INTERFACES,
  PROP_ANNOUNCE,
  PROP_POLICY,
  PROP_CLOUD_TRUST,
  PROP_FINGERPRINT,
  PROP_TLS_CERT,
  PROP_TLS_KEY,
  PROP_DECODE,
  PROP_RECORD_DIR,
  PROP_LATENCY,
  PROP_CODECS,
  PROP_START_BITRATE,
  PROP_AUDIO_PROFILE,
  PROP_KEY_FRAME_INTERVAL,
  PROP_CONNECT_TIMEOUT,
  PROP_END_WHEN_ALONE,
  PROP_FILE_WSS,
  PROP_MUTE_AUDIO,
  PROP_MUTE_VIDEO,
  PROP_STATUS,
  PROP_HAND,
  PROP_STATS,
};

static GType
ice_transport_policy_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { VM_ICE_TRANSPORT_POLICY_ALL,
        "Whatever path works: direct, or through a TURN server", "all" },
    { VM_ICE_TRANSPORT_POLICY_RELAY,
        "Only through a TURN server: hides addresses from the others",
        "relay" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmIceTransportPolicy", values));
  return type;
}

static GType
audio_profile_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { VM_AUDIO_PROFILE_VOICE, "Speech: mono, 32 kbit/s, silence is left out",
        "voice" },
    { VM_AUDIO_PROFILE_MUSIC, "Music: stereo, 128 kbit/s", "music" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmAudioProfile", values));
  return type;
}

static void
set_string (VmSignalBin *self, gchar **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
set_mute (VmSignalBin *self, VmPeerStream from, VmPeerStream to, gboolean mute)
{
  for (guint i = from; i <= to; i++) {
    g_autoptr (VmInput) input = vm_signal_bin_get_input (self, i);

    if (input)
      vm_input_set_mute (input, mute);
  }
}

static void
vm_signal_bin_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmSignalBin *self = VM_SIGNAL_BIN (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODE:
      self->mode = g_value_get_enum (value);
      break;
    case PROP_URI:
      set_string (self, &self->uri, value);
      break;
    case PROP_DIALECT:
      self->dialect = g_value_get_enum (value);
      break;
    case PROP_MEETING:
      set_string (self, &self->meeting, value);
      break;
    case PROP_CALL_TO:
      set_string (self, &self->call_to, value);
      break;
    case PROP_AUTO_ACCEPT:
      self->auto_accept = g_value_get_boolean (value);
      break;
    case PROP_INTERFACES:
      set_string (self, &self->interfaces, value);
      break;
    case PROP_ANNOUNCE:
      self->announce = g_value_get_enum (value);
      self->announce_set = TRUE;
      break;
    case PROP_USER:
      set_string (self, &self->user, value);
      break;
    case PROP_CALL_TYPE:
      self->call_type = g_value_get_enum (value);
      break;
    case PROP_MAX_PARTICIPANTS:
      self->max_participants = g_value_get_uint (value);
      break;
    case PROP_PIN:
      set_string (self, &self->pin, value);
      break;
    case PROP_HOST_KEY:
      set_string (self, &self->host_key, value);
      break;
    case PROP_ASK_HOST:
      self->ask_host = g_value_get_boolean (value);
      break;
    case PROP_REJOIN:
      self->rejoin = g_value_get_boolean (value);
      break;
    case PROP_CAP_TOKEN:
      set_string (self, &self->cap_token, value);
      break;
    case PROP_API_SECRET:
      set_string (self, &self->api_secret, value);
      break;
    case PROP_MAKE_ROOM:
      self->make_room = g_value_get_boolean (value);
      break;
    case PROP_CLOUD_URI:
      set_string (self, &self->cloud_uri, value);
      break;
    case PROP_CLOUD_PIN:
      set_string (self, &self->cloud_pin, value);
      break;
    case PROP_BRIDGE:
      self->bridge_chosen = g_value_get_boolean (value);
      break;
    case PROP_RECEIVE:
      self->receive = g_value_get_boolean (value);
      break;
    case PROP_VIA:
      set_string (self, &self->via, value);
      break;
    case PROP_ORIGIN_ID:
      set_string (self, &self->origin_id, value);
      break;
    case PROP_STUN_SERVER:
      set_string (self, &self->stun_server, value);
      break;
    case PROP_TURN_SERVERS:
      set_string (self, &self->turn_servers, value);
      break;
    case PROP_ICE_TRANSPORT_POLICY:
      self->ice_transport_policy = g_value_get_enum (value);
      break;
    case PROP_FALLBACK:
      set_string (self, &self->fallback, value);
      if (!self->fallback)
        self->fallback = g_strdup (DEFAULT_FALLBACK);
      break;
    case PROP_PORT:
      self->port = g_value_get_uint (value);
      break;
    case PROP_POLICY:
      self->policy = g_value_get_enum (value);
      self->policy_set = TRUE;
      break;
    case PROP_CLOUD_TRUST:
      self->cloud_trust = g_value_get_enum (value);
      self->cloud_trust_set = TRUE;
      break;
    case PROP_TLS_CERT:
      set_string (self, &self->tls_cert, value);
      break;
    case PROP_TLS_KEY:
      set_string (self, &self->tls_key, value);
      break;
    case PROP_DECODE:
      self->decode = g_value_get_boolean (value);
      break;
    case PROP_RECORD_DIR:
      set_string (self, &self->record_dir, value);
      break;
    case PROP_LATENCY:
      set_string (self, &self->latency, value);
      break;
    case PROP_CODECS:
      set_string (self, &self->codecs, value);
      if (!self->codecs)
        self->codecs = g_strdup (DEFAULT_CODECS);
      break;
    case PROP_START_BITRATE:
      self->start_bitrate = g_value_get_uint (value);
      break;
    case PROP_AUDIO_PROFILE:
      self->audio_profile = g_value_get_enum (value);
      break;
    case PROP_KEY_FRAME_INTERVAL:
      self->key_frame_interval = g_value_get_uint (value);
      break;
    case PROP_CONNECT_TIMEOUT:
      self->connect_timeout = g_value_get_uint (value);
      break;
    case PROP_END_WHEN_ALONE:
      self->end_when_alone = g_value_get_boolean (value);
      break;
    case PROP_FILE_WSS:
      self->file_wss = g_value_get_boolean (value);
      break;
    case PROP_MUTE_AUDIO:
      self->mute_audio = g_value_get_boolean (value);
      break;
    case PROP_MUTE_VIDEO:
      self->mute_video = g_value_get_boolean (value);
      break;
    case PROP_STATUS:
      set_string (self, &self->status, value);
      break;
    case PROP_HAND:
      self->hand = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
  if (id == PROP_POLICY || id == PROP_CLOUD_TRUST)
    vm_signal_bin_apply_policy (self);
  if (id == PROP_MUTE_AUDIO)
    set_mute (self, VM_PEER_AUDIO, VM_PEER_AUDIO, g_value_get_boolean (value));
  else if (id == PROP_MUTE_VIDEO)
    set_mute (self, VM_PEER_VIDEO, VM_PEER_SCREEN, g_value_get_boolean (value));
  if (id == PROP_MUTE_AUDIO || id == PROP_MUTE_VIDEO || id == PROP_STATUS
      || id == PROP_HAND) {
    g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

    if (controller)
      vm_controller_presence_changed (controller);
  }
}

static void
vm_signal_bin_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmSignalBin *self = VM_SIGNAL_BIN (object);

  if (id == PROP_STATS) {
    g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

    g_value_take_boxed (value, controller
                                   ? vm_controller_get_stats (controller)
                                   : gst_structure_new_empty ("vm-stats"));
    return;
  }
  if (id == PROP_FINGERPRINT) {
    g_value_take_string (value, vm_signal_bin_dup_fingerprint (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODE:
      g_value_set_enum (value, self->mode);
      break;
    case PROP_URI:
      g_value_set_string (value, self->uri);
      break;
    case PROP_DIALECT:
      g_value_set_enum (value, self->dialect);
      break;
    case PROP_MEETING:
      g_value_set_string (value, self->meeting);
      break;
    case PROP_CALL_TO:
      g_value_set_string (value, self->call_to);
      break;
    case PROP_AUTO_ACCEPT:
      g_value_set_boolean (value, self->auto_accept);
      break;
    case PROP_INTERFACES:
      g_value_set_string (value, self->interfaces);
      break;
    case PROP_ANNOUNCE:
      g_value_set_enum (value, self->announce);
      break;
    case PROP_USER:
      g_value_set_string (value, self->user);
      break;
    case PROP_HOST_KEY:
      g_value_set_string (value, self->host_key);
      break;
    case PROP_ASK_HOST:
      g_value_set_boolean (value, self->ask_host);
      break;
    case PROP_REJOIN:
      g_value_set_boolean (value, self->rejoin);
      break;
    case PROP_MAKE_ROOM:
      g_value_set_boolean (value, self->make_room);
      break;
    case PROP_CLOUD_URI:
      g_value_set_string (value, self->cloud_uri);
      break;
    case PROP_BRIDGE:
      g_value_set_boolean (value, self->bridge_chosen);
      break;
    case PROP_RECEIVE:
      g_value_set_boolean (value, self->receive);
      break;
    case PROP_VIA:
      g_value_set_string (value, self->via);
      break;
    case PROP_ORIGIN_ID:
      g_value_set_string (value, self->origin_id);
      break;
    case PROP_CALL_TYPE:
      g_value_set_enum (value, self->call_type);
      break;
    case PROP_MAX_PARTICIPANTS:
      g_value_set_uint (value, self->max_participants);
      break;
    case PROP_STUN_SERVER:
      g_value_set_string (value, self->stun_server);
      break;
    case PROP_ICE_TRANSPORT_POLICY:
      g_value_set_enum (value, self->ice_transport_policy);
      break;
    case PROP_FALLBACK:
      g_value_set_string (value, self->fallback);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_POLICY:
      g_value_set_enum (value, self->policy);
      break;
    case PROP_CLOUD_TRUST:
      g_value_set_enum (value, self->cloud_trust);
      break;
    case PROP_TLS_CERT:
      g_value_set_string (value, self->tls_cert);
      break;
    case PROP_TLS_KEY:
      g_value_set_string (value, self->tls_key);
      break;
    case PROP_DECODE:
      g_value_set_boolean (value, self->decode);
      break;
    case PROP_RECORD_DIR:
      g_value_set_string (value, self->record_dir);
      break;
    case PROP_LATENCY:
      g_value_set_string (value, self->latency);
      break;
    case PROP_CODECS:
      g_value_set_string (value, self->codecs);
      break;
    case PROP_START_BITRATE:
      g_value_set_uint (value, self->start_bitrate);
      break;
    case PROP_AUDIO_PROFILE:
      g_value_set_enum (value, self->audio_profile);
      break;
    case PROP_KEY_FRAME_INTERVAL:
      g_value_set_uint (value, self->key_frame_interval);
      break;
    case PROP_CONNECT_TIMEOUT:
      g_value_set_uint (value, self->connect_timeout);
      break;
    case PROP_END_WHEN_ALONE:
      g_value_set_boolean (value, self->end_when_alone);
      break;
    case PROP_FILE_WSS:
      g_value_set_boolean (value, self->file_wss);
      break;
    case PROP_MUTE_AUDIO:
      g_value_set_boolean (value, self->mute_audio);
      break;
    case PROP_MUTE_VIDEO:
      g_value_set_boolean (value, self->mute_video);
      break;
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_HAND:
      g_value_set_boolean (value, self->hand);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

#define READY \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static GParamSpec *
string_spec (const gchar *name, const gchar *nick, const gchar *blurb,
    const gchar *value, GParamFlags flags)
{
  return g_param_spec_string (name, nick, blurb, value,
      flags | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
}

static void
install_meeting_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MODE,
      g_param_spec_enum ("mode", "Mode",
          "Meeting: how to enter the meeting: host it, join it, or look for it "
          "for 2 s "
          "and host it if nobody else does",
          VM_TYPE_MEETING_MODE, VM_MEETING_MODE_AUTO, READY));
  g_object_class_install_property (klass, PROP_URI,
      string_spec ("uri", "URI",
          "Meeting: address of the meeting, videomeet://HOST:PORT/MEETING "
          "(null: look "
          "for \"meeting\" on the network). With another dialect the WebSocket "
          "of the server, ws://HOST:PORT/ROOM or wss://HOST:PORT/ROOM; ROOM "
          "may be left out if \"meeting\" names it. With dialect=call "
          "ws://HOST:PORT/USER, where USER is the id of this user. "
          "janus+ws://HOST:PORT/ROOM, or janus+wss, is a room of Janus, a "
          "number",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_DIALECT,
      g_param_spec_enum ("dialect", "Dialect",
          "Meeting: signalling protocol of the server at \"uri\"",
          VM_TYPE_DIALECT_NAME, VM_DIALECT_NAME_NATIVE, READY));
  g_object_class_install_property (klass, PROP_MEETING,
      string_spec ("meeting", "Meeting",
          "Meeting: name of the meeting, 1 to 128 bytes (null: a host names it "
          "after "
          "its user)",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_USER,
      string_spec ("user", "User",
          "Meeting: name that the other participants see, at most 128 bytes "
          "(null: the "
          "name of the logged-in user)",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_CALL_TYPE,
      g_param_spec_enum ("call-type", "Call type",
          "Media: send and receive picture and sound (video), or sound only "
          "(audio)",
          VM_TYPE_CALL_TYPE, VM_CALL_TYPE_VIDEO, READY));
  g_object_class_install_property (klass, PROP_MAX_PARTICIPANTS,
      g_param_spec_uint ("max-participants", "Most participants",
          "Meeting: seats of a meeting hosted here, the host included", 2,
          MAX_PARTICIPANTS, DEFAULT_MAX_PARTICIPANTS, READY));
  g_object_class_install_property (klass, PROP_PIN,
      string_spec ("pin", "PIN",
          "Meeting: PIN of the meeting, 6 to 64 characters; videomeet accepts "
          "6 to 32 "
          "digits (null: none). A host with a PIN is announced minimally. A "
          "guest sends it only to a host whose key is known or given by "
          "host-key",
          NULL, G_PARAM_WRITABLE));
  g_object_class_install_property (klass, PROP_HOST_KEY,
      string_spec ("host-key", "Host key",
          "Meeting: device id of an unknown host that may receive the PIN; the "
          "host "
          "shows its id (null: none)",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_ASK_HOST,
      g_param_spec_boolean ("ask-host", "Ask about hosts",
          "Meeting: whether the application answers the message "
          "vm-host-unknown with "
          "the action confirm-host; if not, unknown hosts are skipped",
          FALSE, READY));
  g_object_class_install_property (klass, PROP_REJOIN,
      g_param_spec_boolean ("rejoin", "Rejoin",
          "Meeting: whether to join again, for 5 minutes, when the connection "
          "and the "
          "seat are lost, for example after a long sleep",
          TRUE, READY));
  g_object_class_install_property (klass, PROP_CAP_TOKEN,
      string_spec ("cap-token", "Capability token",
          "Meeting: JSON Web Token to show to the server; with dialect=mesh "
          "the "
          "capability (null: none, or what the server of the mesh gives). The "
          "token of a Janus server or of its room",
          NULL, G_PARAM_WRITABLE));
  g_object_class_install_property (klass, PROP_API_SECRET,
      string_spec ("api-secret", "API secret",
          "Cloud: API secret of a Janus server, at most 1024 bytes (null: "
          "none)",
          NULL, G_PARAM_WRITABLE));
  g_object_class_install_property (klass, PROP_MAKE_ROOM,
      g_param_spec_boolean ("make-room", "Make the room",
          "Cloud: whether a room of Janus is made, with pin and "
          "max-participants, if "
          "there is none",
          FALSE, READY));
}

static void
install_ring_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_CALL_TO,
      string_spec ("call-to", "Call to",
          "Call: id of the user who is called when the server has let this one "
          "in, "
          "with dialect=call (null: nobody is). The call is made once; what "
          "becomes of it, vm-participant-left tells",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_AUTO_ACCEPT,
      g_param_spec_boolean ("auto-accept", "Accept automatically",
          "Call: whether each call that is offered is accepted without a "
          "question, "
          "with dialect=call: whoever calls then sees and hears what is sent",
          FALSE, READY));
}

static void
install_cloud_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_CLOUD_URI,
      string_spec ("cloud-uri", "Cloud URI",
          "Cloud: room that this device can be the bridge to, "
          "janus+ws://HOST:PORT/ROOM or janus+wss (null: none): the meeting's "
          "participants appear there, and those of the room in the meeting. "
          "api-secret, cap-token and make-room are for it",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_CLOUD_PIN,
      string_spec ("cloud-pin", "Cloud PIN",
          "Cloud: PIN of the room at cloud-uri (null: none)", NULL,
          G_PARAM_WRITABLE));
  g_object_class_install_property (klass, PROP_BRIDGE,
      g_param_spec_boolean ("bridge", "Bridge",
          "Cloud: whether this device is to be the bridge, before others that "
          "have a "
          "cloud-uri; if none is chosen it is the earliest of them",
          FALSE, READY));
  g_object_class_install_property (klass, PROP_RECEIVE,
      g_param_spec_boolean ("receive", "Receive",
          "Media: whether picture and sound of the others are received", TRUE,
          READY));
  g_object_class_install_property (klass, PROP_VIA,
      string_spec ("via", "Via",
          "Cloud: id of the participant, of this same device, that passes on "
          "what "
          "this element sends: the bridge (null: none). The element then "
          "stands for somebody elsewhere, and shows no device key",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_ORIGIN_ID,
      string_spec ("origin-id", "Origin id",
          "Cloud: what the somebody whom via passes on is called elsewhere, 1 "
          "to 64 "
          "bytes (null: none)",
          NULL, G_PARAM_READWRITE));
}

static void
install_trust_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_POLICY,
      g_param_spec_enum ("policy", "Policy",
          "Trust: which devices may take part (not set: as a vmtrust in the "
          "pipeline "
          "says). A stricter policy removes participants that it does not "
          "admit",
          VM_TYPE_POLICY, VM_POLICY_PIN, PLAYING));
  g_object_class_install_property (klass, PROP_CLOUD_TRUST,
      g_param_spec_enum ("cloud-trust", "Cloud trust",
          "Trust: whether policy=require meets the cloud, where nobody shows a "
          "key "
          "and "
          "a server can see the media",
          VM_TYPE_CLOUD_TRUST, VM_CLOUD_TRUST_REFUSE, PLAYING));
  g_object_class_install_property (klass, PROP_FINGERPRINT,
      g_param_spec_string ("fingerprint", "Fingerprint",
          "Trust: SHA-256 of this device's key, as AB:CD:… (null: not known "
          "before "
          "PAUSED)",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (klass, PROP_TLS_CERT,
      string_spec ("tls-cert", "TLS certificate",
          "Network: PEM file of a certificate for the names by which browsers "
          "reach "
          "this host (null: none)",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_TLS_KEY,
      string_spec ("tls-key", "TLS key",
          "Network: PEM file of the private key of tls-cert (null: it is in "
          "that file)",
          NULL, G_PARAM_READWRITE));
}

static void
install_network_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_STUN_SERVER,
      string_spec ("stun-server", "STUN server",
          "Network: stun://HOST:PORT, needed only beyond the local network "
          "(null: "
          "none). A host passes its servers on to all guests; a server set "
          "here comes first",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_TURN_SERVERS,
      string_spec ("turn-servers", "TURN servers",
          "Network: turn://USER:PASSWORD@HOST:PORT?transport=udp (or tcp), "
          "several "
          "separated by commas (null: none). turns:// is not reliable. A host "
          "passes up to 8 servers with their passwords on to all guests, who "
          "use them in addition to their own",
          NULL, G_PARAM_WRITABLE));
  g_object_class_install_property (klass, PROP_ICE_TRANSPORT_POLICY,
      g_param_spec_enum ("ice-transport-policy", "ICE transport policy",
          "Network: which network paths media may take",
          ice_transport_policy_get_type (), VM_ICE_TRANSPORT_POLICY_ALL,
          READY));
  g_object_class_install_property (klass, PROP_FALLBACK,
      string_spec ("fallback", "Fallback",
          "Network: kinds of path that may be taken to the others, separated "
          "by commas; "
          "of those that work, the first of host (their own addresses), srflx "
          "(through a router, as a STUN server sees it), relay (a TURN server) "
          "and cloud (an SFU)",
          DEFAULT_FALLBACK, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_PORT,
      g_param_spec_uint ("port", "Port",
          "Network: TCP port of this device's server, for hosting (0: 8080 or "
          "the next "
          "free port); a port in use is an error",
          0, G_MAXUINT16, 0, READY));
  g_object_class_install_property (klass, PROP_INTERFACES,
      string_spec ("interfaces", "Interfaces",
          "Network: names of the network interfaces on which this device is "
          "served, "
          "announced and looks for others, separated by commas, as eth0,wlan0 "
          "(null: all, or what the process has set)",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_ANNOUNCE,
      g_param_spec_enum ("announce", "Announce",
          "Network: how much the network is told of this device and its "
          "meeting (not "
          "set: full, or minimal for a meeting with a PIN)",
          VM_TYPE_ANNOUNCE, VM_ANNOUNCE_FULL, READY));
  install_trust_properties (klass);
  g_object_class_install_property (klass, PROP_LATENCY,
      string_spec ("latency", "Latency",
          "Network: for how long each participant's frames are held back: "
          "auto (as long as the network makes it necessary), or milliseconds "
          "from 0 to 10000",
          DEFAULT_LATENCY, G_PARAM_READWRITE));
}

static void
install_media_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_DECODE,
      g_param_spec_boolean ("decode", "Decode",
          "Media: whether src pads produce raw audio and video (true) or the "
          "encoded, "
          "parsed streams (false)",
          TRUE, READY));
  g_object_class_install_property (klass, PROP_RECORD_DIR,
      string_spec ("record-dir", "Recording folder",
          "Media: folder for recordings, made if it does not exist: one "
          "Matroska file "
          "per participant, not transcoded. A new file begins when the caps of "
          "a stream change, or it returns after a pause, or the element does "
          "(null: no recording)",
          NULL, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_CODECS,
      string_spec ("codecs", "Codecs",
          "Media: video codecs for raw input, in order of preference, "
          "separated by commas: vp8, h264, vp9. The first is offered; an "
          "answer uses the codec of the offer",
          DEFAULT_CODECS, G_PARAM_READWRITE));
  g_object_class_install_property (klass, PROP_START_BITRATE,
      g_param_spec_uint ("start-bitrate", "Start bit rate",
          "Media: rate at which raw video is encoded, in bits per second",
          50000, 100000000, DEFAULT_START_BITRATE, READY));
  g_object_class_install_property (klass, PROP_AUDIO_PROFILE,
      g_param_spec_enum ("audio-profile", "Audio profile",
          "Media: what raw sound is, and the sound wanted of others: see "
          "docs/elements.md",
          audio_profile_get_type (), VM_AUDIO_PROFILE_VOICE, READY));
  g_object_class_install_property (klass, PROP_KEY_FRAME_INTERVAL,
      g_param_spec_uint ("key-frame-interval", "Key frame interval",
          "Media: longest time between key frames of a recorded or encoded "
          "output, in "
          "milliseconds: the sender is asked for a key frame then (0: never). "
          "A sender makes at most one every 500 ms",
          0, 3600000, DEFAULT_KEY_FRAME_INTERVAL_MS, READY));
}

static void
install_own_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_CONNECT_TIMEOUT,
      g_param_spec_uint ("connect-timeout", "Connect timeout",
          "Network: time to connect to a participant, in milliseconds. After "
          "it a "
          "warning is posted and the connection is tried again, up to five "
          "times, for twice the time each and after growing pauses. A call "
          "(dialect=call) has one attempt of 15 s",
          CONNECT_TIMEOUT_MIN_MS, CONNECT_TIMEOUT_MAX_MS,
          DEFAULT_CONNECT_TIMEOUT_MS, READY));
  g_object_class_install_property (klass, PROP_END_WHEN_ALONE,
      g_param_spec_boolean ("end-when-alone", "End when alone",
          "Meeting: whether the call ends when the last other participant "
          "leaves",
          FALSE, READY));
  g_object_class_install_property (klass, PROP_FILE_WSS,
      g_param_spec_boolean ("file-wss", "Files over WSS",
          "Files: whether files go over WSS, which is faster, to and from "
          "devices "
          "that can be reached directly; otherwise only data channels are used",
          TRUE, READY));
  g_object_class_install_property (klass, PROP_MUTE_AUDIO,
      g_param_spec_boolean ("mute-audio", "Mute audio",
          "Media: whether to send silence instead of sound", FALSE, PLAYING));
  g_object_class_install_property (klass, PROP_MUTE_VIDEO,
      g_param_spec_boolean ("mute-video", "Mute video",
          "Media: whether to stop sending camera and screen", FALSE, PLAYING));
  g_object_class_install_property (klass, PROP_STATUS,
      g_param_spec_string ("status", "Status",
          "Meeting: status that the other participants see, at most 128 bytes "
          "(null: "
          "none)",
          NULL, PLAYING));
  g_object_class_install_property (klass, PROP_HAND,
      g_param_spec_boolean ("hand", "Hand",
          "Meeting: whether the hand is raised", FALSE, PLAYING));
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Network: structure vm-stats, updated twice a second, with one "
          "structure for each other participant, named by its id: audio-level "
          "(dBFS, of its sound at its loudest), user, path, rtt-ms, "
          "bytes-sent, bytes-received, packets-lost, jitter-ms, "
          "video-frames-received, audio-frames-received, "
          "screen-frames-received, audio-frames-recovered, "
          "audio-frames-concealed; and audio-level of what this device sends",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
vm_signal_bin_install_properties (GObjectClass *klass)
{
  klass->set_property = vm_signal_bin_set_property;
  klass->get_property = vm_signal_bin_get_property;
  install_meeting_properties (klass);
  install_ring_properties (klass);
  install_cloud_properties (klass);
  install_network_properties (klass);
  install_media_properties (klass);
  install_own_properties (klass);
}
