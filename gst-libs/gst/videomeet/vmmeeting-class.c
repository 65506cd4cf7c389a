/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties and signals of VmMeeting. */

#include "vmmeeting-priv.h"
#include "wire/iceservers.h"

enum
{
  PROP_NAME = 1,
  PROP_USER,
  PROP_MODE,
  PROP_URI,
  PROP_DIALECT,
  PROP_PIN,
  PROP_MAX_PARTICIPANTS,
  PROP_CALL_TYPE,
  PROP_JOIN_TIMEOUT,
  PROP_BROWSE_TIME,
  PROP_HOSTING,
  PROP_LINK,
  PROP_LOCKED,
  PROP_ICE_SERVERS,
  PROP_ALL_ICE_SERVERS,
};

guint vm_meeting_signals[VM_MEETING_N_SIGNALS];

static gchar *
dup_link (VmMeeting *self)
{
  g_autofree gchar *name = NULL;

  /* what a stranger's server shows a browser is its own affair */
  if (!self->name || self->dialect != VM_DIALECT_NAME_NATIVE)
    return NULL;
  if (!self->door)
    return vm_node_get_link (self->node, self->name);
  name = g_uri_escape_string (self->name, NULL, FALSE);
  return g_strdup_printf ("%s/?meeting=%s", self->door->base_uri, name);
}

static void
vm_meeting_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmMeeting *self = VM_MEETING (object);

  switch (id) {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_USER:
      g_value_set_string (value, self->user);
      break;
    case PROP_MODE:
      g_value_set_enum (value, self->mode);
      break;
    case PROP_URI:
      g_value_set_string (value, self->uri);
      break;
    case PROP_DIALECT:
      g_value_set_enum (value, self->dialect);
      break;
    case PROP_PIN:
      g_value_set_string (value, self->pin);
      break;
    case PROP_MAX_PARTICIPANTS:
      g_value_set_uint (value, self->max_participants);
      break;
    case PROP_CALL_TYPE:
      g_value_set_enum (value, self->call_type);
      break;
    case PROP_JOIN_TIMEOUT:
      g_value_set_uint (value, self->join_timeout);
      break;
    case PROP_BROWSE_TIME:
      g_value_set_uint (value, self->browse_time);
      break;
    case PROP_HOSTING:
      g_value_set_boolean (value, vm_meeting_get_hosting (self));
      break;
    case PROP_LOCKED:
      g_value_set_boolean (value, self->locked);
      break;
    case PROP_LINK:
      g_value_take_string (value, dup_link (self));
      break;
    case PROP_ICE_SERVERS:
      g_value_set_boxed (value, self->ice_servers);
      break;
    case PROP_ALL_ICE_SERVERS:
      g_value_take_boxed (value,
          vm_ice_servers_merge ((const gchar *const *) self->ice_servers,
              self->client ? vm_signal_client_get_ice_servers (self->client)
                           : NULL));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
take_text (gchar **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
vm_meeting_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmMeeting *self = VM_MEETING (object);

  switch (id) {
    case PROP_NAME:
      take_text (&self->name, value);
      break;
    case PROP_USER:
      take_text (&self->user, value);
      break;
    case PROP_MODE:
      self->mode = g_value_get_enum (value);
      break;
    case PROP_URI:
      take_text (&self->uri, value);
      break;
    case PROP_DIALECT:
      self->dialect = g_value_get_enum (value);
      break;
    case PROP_PIN:
      take_text (&self->pin, value);
      break;
    case PROP_MAX_PARTICIPANTS:
      self->max_participants = g_value_get_uint (value);
      break;
    case PROP_CALL_TYPE:
      self->call_type = g_value_get_enum (value);
      break;
    case PROP_JOIN_TIMEOUT:
      self->join_timeout = g_value_get_uint (value);
      break;
    case PROP_BROWSE_TIME:
      self->browse_time = g_value_get_uint (value);
      break;
    case PROP_ICE_SERVERS:
      g_strfreev (self->ice_servers);
      self->ice_servers = g_value_dup_boxed (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
install_ice_properties (
    GObjectClass *klass, GParamFlags flags, GParamFlags read)
{
  /**
   * VmMeeting:ice-servers: (type GStrv)
   *
   * The own STUN and TURN servers (default %NULL: none), as `stun://host:port` and
   * `turn://user:password@host:port?transport=tcp` (`turns`, `udp`; user and
   * password percent-encoded). A host names them, passwords too, to whoever may
   * join: at most 8, and one that is neither keeps the meeting from being
   * opened (%VM_ERROR_BAD_REQUEST).
   */
  g_object_class_install_property (klass, PROP_ICE_SERVERS,
      g_param_spec_boxed ("ice-servers", "ICE servers",
          "STUN and TURN servers of this device", G_TYPE_STRV, flags));
  /**
   * VmMeeting:all-ice-servers: (type GStrv)
   *
   * The servers to use from #VmMeeting::joined on, written as those of
   * #VmMeeting:ice-servers: the own, then those of the host, at most 8 of them.
   * Servers of other dialects name none.
   */
  g_object_class_install_property (klass, PROP_ALL_ICE_SERVERS,
      g_param_spec_boxed ("all-ice-servers", "All ICE servers",
          "STUN and TURN servers of this device and of the host", G_TYPE_STRV,
          read));
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * VmMeeting:name:
   *
   * What the meeting is called, 1 to 128 bytes without control characters;
   * compared exactly. With a native #VmMeeting:uri, that names it. %NULL by
   * default. To be set, as all properties, before vm_meeting_start().
   */
  g_object_class_install_property (klass, PROP_NAME,
      g_param_spec_string ("name", "Name",
          "Name of the meeting, 1 to 128 bytes (null: uri names it)", NULL,
          flags));
  /**
   * VmMeeting:user:
   *
   * What the others see, at most 128 bytes without control characters; %NULL,
   * the default, for the node's user.
   */
  g_object_class_install_property (klass, PROP_USER,
      g_param_spec_string ("user", "User",
          "Name of this participant, at most 128 bytes (null: the node's user)",
          NULL, flags));
  /**
   * VmMeeting:mode:
   *
   * Whether to host it, to join it, or, by default, whichever fits.
   */
  g_object_class_install_property (klass, PROP_MODE,
      g_param_spec_enum ("mode", "Mode",
          "How the meeting is entered: host it, join it, or whichever fits "
          "(auto, the default)",
          VM_TYPE_MEETING_MODE, VM_MEETING_MODE_AUTO, flags));
  /**
   * VmMeeting:uri:
   *
   * Where to join it, `videomeet://host:port/meeting`, port #VM_DEFAULT_PORT
   * when none is said; %NULL, the default, to look for it. TLS is tried first; without it only this machine is spoken to, unless the node
   * is insecure. Of another #VmMeeting:dialect, the address of the server's
   * WebSocket, `wss://host:port/room`: with a #VmMeeting:name the whole address,
   * else its last part is the room. The certificate must be one that the system
   * trusts, unless the server is on this machine.
   */
  g_object_class_install_property (klass, PROP_URI,
      g_param_spec_string ("uri", "URI",
          "Where to join it: videomeet://host:port/meeting, or "
          "ws(s)://host:port/room with dialect room (null: look for it)",
          NULL, flags));
  /**
   * VmMeeting:dialect:
   *
   * What is spoken with the server at #VmMeeting:uri, native by default.
   * Whatever it is, meetings that are hosted here or looked for are native.
   */
  g_object_class_install_property (klass, PROP_DIALECT,
      g_param_spec_enum ("dialect", "Dialect",
          "Signalling protocol spoken with the server at uri (default native)",
          VM_TYPE_DIALECT_NAME, VM_DIALECT_NAME_NATIVE, flags));
  /**
   * VmMeeting:pin:
   *
   * To host: only who has it comes in, 6 to 64 bytes without control characters.
   * To join: what to show. %NULL, the default, for none.
   */
  g_object_class_install_property (klass, PROP_PIN,
      g_param_spec_string ("pin", "PIN",
          "Opens the meeting, 6 to 64 bytes (null: none)", NULL, flags));
  /**
   * VmMeeting:max-participants:
   *
   * To host: seats, the host's included; 2 to 128, 10 by default.
   */
  g_object_class_install_property (klass, PROP_MAX_PARTICIPANTS,
      g_param_spec_uint ("max-participants", "Max participants",
          "Seats of a meeting hosted here, the host's included (default 10)", 2,
          VM_SIGNAL_ROSTER_MAX, VM_MEETING_SEATS, flags));
  /**
   * VmMeeting:call-type:
   *
   * What this participant wants to exchange, picture and sound by default.
   */
  g_object_class_install_property (klass, PROP_CALL_TYPE,
      g_param_spec_enum ("call-type", "Call type",
          "Picture and sound (video, the default), or sound only (audio)",
          VM_TYPE_CALL_TYPE, VM_CALL_TYPE_VIDEO, flags));
  /**
   * VmMeeting:join-timeout:
   *
   * Milliseconds until #VmMeeting::failed when no seat was found; 1 or more,
   * 30000 by default.
   */
  g_object_class_install_property (klass, PROP_JOIN_TIMEOUT,
      g_param_spec_uint ("join-timeout", "Join timeout",
          "Milliseconds until joining has failed (default 30000)", 1, G_MAXINT,
          VM_MEETING_JOIN_TIMEOUT, flags));
  /**
   * VmMeeting:browse-time:
   *
   * Milliseconds that mode auto looks for the meeting before it hosts it, and in
   * which a host is looked for that takes the PIN, after one that does not; 2000
   * by default.
   */
  g_object_class_install_property (klass, PROP_BROWSE_TIME,
      g_param_spec_uint ("browse-time", "Browse time",
          "Milliseconds that mode auto looks for the meeting before hosting it "
          "(default 2000)",
          0, G_MAXINT, VM_MEETING_BROWSE_TIME, flags));
  /**
   * VmMeeting:hosting:
   *
   * Whether this device hosts the meeting.
   */
  g_object_class_install_property (klass, PROP_HOSTING,
      g_param_spec_boolean ("hosting", "Hosting",
          "Whether this device hosts the meeting", FALSE, read));
  /**
   * VmMeeting:link:
   *
   * What to give to somebody who joins with a browser:
   * `https://10.0.0.1:8080/?meeting=standup`. %NULL while the meeting has no
   * name, and with another #VmMeeting:dialect than the native one.
   */
  g_object_class_install_property (klass, PROP_LINK,
      g_param_spec_string ("link", "Link",
          "Where a browser joins the meeting (null: not known)", NULL, read));
  /**
   * VmMeeting:locked:
   *
   * Whether the host admits nobody else, at first %FALSE;
   * vm_meeting_set_locked() changes it.
   */
  g_object_class_install_property (klass, PROP_LOCKED,
      g_param_spec_boolean ("locked", "Locked",
          "Whether the host admits nobody else", FALSE, read));
  install_ice_properties (klass, flags, read);
}

static guint
install_signal (const gchar *name, guint n_params, ...)
{
  va_list types;
  guint id;

  va_start (types, n_params);
  id = g_signal_new_valist (name, VM_TYPE_MEETING, G_SIGNAL_RUN_LAST, NULL,
      NULL, NULL, NULL, G_TYPE_NONE, n_params, types);
  va_end (types);
  return id;
}

static void
install_talk_signals (guint *ids)
{
  /**
   * VmMeeting::chat-received:
   * @self: the meeting
   * @message: what was said, each message once
   *
   * Somebody else said something, now or (#VmChatMessage, old) before this
   * device came.
   */
  ids[VM_MEETING_SIGNAL_CHAT_RECEIVED] =
      install_signal ("chat-received", 1, VM_TYPE_CHAT_MESSAGE);
  /**
   * VmMeeting::presence-changed:
   * @self: the meeting
   * @participant: who tells something else of itself: its status, and whether it
   *   is muted
   */
  ids[VM_MEETING_SIGNAL_PRESENCE_CHANGED] =
      install_signal ("presence-changed", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::hand-changed:
   * @self: the meeting
   * @participant: who has raised its hand, or taken it down
   */
  ids[VM_MEETING_SIGNAL_HAND_CHANGED] =
      install_signal ("hand-changed", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::detached-changed:
   * @self: the meeting
   * @participant: who has lost its connection to the host for 10 s, or has it
   *   back
   */
  ids[VM_MEETING_SIGNAL_DETACHED_CHANGED] =
      install_signal ("detached-changed", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::mute-requested:
   * @self: the meeting
   * @audio: whether to mute the sound
   * @video: whether to hold the picture back
   *
   * The host asks this device to mute itself. Its owner does so; it is never
   * asked to be heard again.
   */
  ids[VM_MEETING_SIGNAL_MUTE_REQUESTED] =
      install_signal ("mute-requested", 2, G_TYPE_BOOLEAN, G_TYPE_BOOLEAN);
  /**
   * VmMeeting::host-lost:
   * @self: the meeting
   * @host: (nullable): the host
   *
   * The host is gone without a word: its server has no connection and itself no
   * heartbeat for 5 s. Media among the others goes on. It may come back within
   * 30 s; else it leaves, and the meeting lasts until the last of the others
   * does.
   */
  ids[VM_MEETING_SIGNAL_HOST_LOST] =
      install_signal ("host-lost", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::host-returned:
   * @self: the meeting
   * @host: (nullable): the host
   *
   * The host was lost and is there again.
   */
  ids[VM_MEETING_SIGNAL_HOST_RETURNED] =
      install_signal ("host-returned", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::send-message:
   * @self: the meeting
   * @participant: to whom
   * @label: of the data channel
   * @text: what is to be sent on it
   *
   * The meeting has something to say on a data channel that
   * vm_meeting_set_channel() told of.
   *
   * Returns: whether it is on its way
   */
  ids[VM_MEETING_SIGNAL_SEND_MESSAGE] =
      g_signal_new ("send-message", VM_TYPE_MEETING, G_SIGNAL_RUN_LAST, 0,
          g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN, 3,
          VM_TYPE_PARTICIPANT, G_TYPE_STRING, G_TYPE_STRING);
}

static void
install_signals (void)
{
  guint *ids = vm_meeting_signals;

  /**
   * VmMeeting::state-changed:
   * @self: the meeting
   * @old: the #VmMeetingState it was in
   * @new: the #VmMeetingState it is in
   *
   * A guest sees the states as the host tells them.
   */
  ids[VM_MEETING_SIGNAL_STATE_CHANGED] = install_signal (
      "state-changed", 2, VM_TYPE_MEETING_STATE, VM_TYPE_MEETING_STATE);
  /**
   * VmMeeting::joined:
   * @self: the meeting
   * @me: this device's own seat
   *
   * The seat is taken. A host of mode auto that gives way to another host is
   * seated twice.
   */
  ids[VM_MEETING_SIGNAL_JOINED] =
      install_signal ("joined", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::participant-joined:
   * @self: the meeting
   * @participant: who is there; whoever was there first is told of as well
   */
  ids[VM_MEETING_SIGNAL_PARTICIPANT_JOINED] =
      install_signal ("participant-joined", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::participant-left:
   * @self: the meeting
   * @participant: who is gone
   * @error: (nullable): why, when it did not leave by itself
   */
  ids[VM_MEETING_SIGNAL_PARTICIPANT_LEFT] =
      install_signal ("participant-left", 2, VM_TYPE_PARTICIPANT, G_TYPE_ERROR);
  /**
   * VmMeeting::participant-state-changed:
   * @self: the meeting
   * @participant: whose state
   * @old: the #VmParticipantState it was in
   * @new: the #VmParticipantState it is in
   */
  ids[VM_MEETING_SIGNAL_PARTICIPANT_STATE_CHANGED] =
      install_signal ("participant-state-changed", 3, VM_TYPE_PARTICIPANT,
          VM_TYPE_PARTICIPANT_STATE, VM_TYPE_PARTICIPANT_STATE);
  /**
   * VmMeeting::description:
   * @self: the meeting
   * @participant: who sent it
   * @type: offer or answer
   * @sdp: the SDP, byte for byte as it was sent
   * @session: (nullable): the uuid of the exchange
   * @generation: counts the offers of a session
   */
  ids[VM_MEETING_SIGNAL_DESCRIPTION] =
      install_signal ("description", 5, VM_TYPE_PARTICIPANT,
          VM_TYPE_DESCRIPTION_TYPE, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_UINT);
  /**
   * VmMeeting::candidate:
   * @self: the meeting
   * @participant: who sent it
   * @candidate: an ICE candidate, empty after the last
   * @mline: index of its m-line, -1 when not told
   * @mid: (nullable): mid of its m-line
   * @session: (nullable): the uuid of the exchange
   * @generation: counts the offers of a session
   */
  ids[VM_MEETING_SIGNAL_CANDIDATE] =
      install_signal ("candidate", 6, VM_TYPE_PARTICIPANT, G_TYPE_STRING,
          G_TYPE_INT, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_UINT);
  /**
   * VmMeeting::restart:
   * @self: the meeting
   * @participant: who asks for a new offer
   * @reason: why
   */
  ids[VM_MEETING_SIGNAL_RESTART] =
      install_signal ("restart", 2, VM_TYPE_PARTICIPANT, G_TYPE_STRING);
  /**
   * VmMeeting::failed:
   * @self: the meeting
   * @error: why: a code of #VmError
   *
   * It could not be entered, or cannot go on. It is over.
   */
  ids[VM_MEETING_SIGNAL_FAILED] = install_signal ("failed", 1, G_TYPE_ERROR);
  install_talk_signals (ids);
}

void
vm_meeting_install (GObjectClass *klass)
{
  klass->get_property = vm_meeting_get_property;
  klass->set_property = vm_meeting_set_property;
  install_properties (klass);
  install_signals ();
}
