/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of VmMeeting. */

#include "meeting/vmmeeting-priv.h"
#include "wire/iceservers.h"

enum
{
  PROP_NAME = 1,
  PROP_USER,
  PROP_MODE,
  PROP_URI,
  PROP_DIALECT,
  PROP_PIN,
  PROP_HOST_KEY,
  PROP_ASK_HOST,
  PROP_CAP_TOKEN,
  PROP_API_SECRET,
  PROP_MAKE_ROOM,
  PROP_MAX_PARTICIPANTS,
  PROP_CALL_TYPE,
  PROP_JOIN_TIMEOUT,
  PROP_BROWSE_TIME,
  PROP_HOSTING,
  PROP_LINK,
  PROP_LOCKED,
  PROP_ICE_SERVERS,
  PROP_ALL_ICE_SERVERS,
  PROP_RELAY_ONLY,
  PROP_DIRECT_CHAT,
  PROP_REJOIN,
};

static gchar *
dup_link (VmMeeting *self)
{
  g_autofree gchar *name = NULL;

  /* what a stranger's server shows a browser is its own affair */
  if (!self->name || self->dialect != VM_DIALECT_NAME_NATIVE)
    return NULL;
  if (!self->endpoint && self->mode == VM_MEETING_MODE_JOIN
      && !vm_meeting_get_hosting (self))
    return NULL;
  if (!self->endpoint)
    return vm_node_get_link (self->node, self->name);
  name = g_uri_escape_string (self->name, NULL, FALSE);
  return g_strdup_printf ("%s/?meeting=%s", self->endpoint->base_uri, name);
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
    case PROP_HOST_KEY:
      g_value_set_string (value, self->host_key);
      break;
    case PROP_ASK_HOST:
      g_value_set_boolean (value, self->ask_host);
      break;
    case PROP_CAP_TOKEN:
      g_value_set_string (value, self->cap_token);
      break;
    case PROP_MAKE_ROOM:
      g_value_set_boolean (value, self->make_room);
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
    case PROP_DIRECT_CHAT:
      g_value_set_boolean (value, self->direct_chat);
      break;
    case PROP_REJOIN:
      g_value_set_boolean (value, self->rejoin);
      break;
    case PROP_ALL_ICE_SERVERS:
      g_value_take_boxed (value,
          vm_ice_servers_merge ((const gchar *const *) self->ice_servers,
              self->client ? vm_signal_client_get_ice_servers (self->client)
                           : NULL));
      break;
    case PROP_RELAY_ONLY:
      g_value_set_boolean (value,
          self->client && vm_signal_client_get_relay_only (self->client));
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
    case PROP_HOST_KEY:
      take_text (&self->host_key, value);
      break;
    case PROP_ASK_HOST:
      self->ask_host = g_value_get_boolean (value);
      break;
    case PROP_CAP_TOKEN:
      take_text (&self->cap_token, value);
      break;
    case PROP_API_SECRET:
      take_text (&self->api_secret, value);
      break;
    case PROP_MAKE_ROOM:
      self->make_room = g_value_get_boolean (value);
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
    case PROP_DIRECT_CHAT:
      self->direct_chat = g_value_get_boolean (value);
      break;
    case PROP_REJOIN:
      self->rejoin = g_value_get_boolean (value);
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
   * The own STUN and TURN servers (default %NULL: none), as `stun://host:port`
   * and `turn://user:password@host:port?transport=tcp` (`turns`, `udp`; user
   * and password percent-encoded). A host names them, passwords too, to whoever
   * may join: at most 8, and one that is neither keeps the meeting from being
   * opened (%VM_ERROR_BAD_REQUEST).
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_ICE_SERVERS,
      g_param_spec_boxed ("ice-servers", "ICE servers",
          "STUN and TURN servers of this device", G_TYPE_STRV, flags));
  /**
   * VmMeeting:all-ice-servers: (type GStrv)
   *
   * The servers to use from #VmMeeting::joined on, written as those of
   * #VmMeeting:ice-servers: the own, then those of the host, at most 8 of them.
   * Servers of other dialects name none. Notified when the host has given
   * others, as it does before a credential expires.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_ALL_ICE_SERVERS,
      g_param_spec_boxed ("all-ice-servers", "All ICE servers",
          "STUN and TURN servers of this device and of the host", G_TYPE_STRV,
          read));
  /**
   * VmMeeting:relay-only:
   *
   * Whether the host asks participants to reach each other by TURN servers
   * alone, so that none learns the address of another. %FALSE before
   * #VmMeeting::joined.
   *
   * Since: 0.3
   */
  g_object_class_install_property (klass, PROP_RELAY_ONLY,
      g_param_spec_boolean ("relay-only", "Relay only",
          "Whether the host asks to use TURN servers alone", FALSE, read));
}

static void
install_names (GObjectClass *klass, GParamFlags flags)
{
  /**
   * VmMeeting:name:
   *
   * What the meeting is called, 1 to 128 bytes without control characters;
   * compared exactly. With a native #VmMeeting:uri, that names it. %NULL by
   * default. To be set, as all properties, before vm_meeting_start().
   *
   * Since: 0.1
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
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_USER,
      g_param_spec_string ("user", "User",
          "Name of this participant, at most 128 bytes (null: the node's user)",
          NULL, flags));
  /**
   * VmMeeting:pin:
   *
   * To host: only who has it comes in, 6 to 64 bytes without control
   * characters. To join: what to show, to a host whose key is known or that of
   * #VmMeeting:host-key. %NULL, the default, for none.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_PIN,
      g_param_spec_string ("pin", "PIN",
          "Opens the meeting, 6 to 64 bytes (null: none)", NULL, flags));
  /**
   * VmMeeting:host-key:
   *
   * Device id of the host that is shown the #VmMeeting:pin though it was never
   * met before; what the host shows its user. %NULL, the default, for none.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_HOST_KEY,
      g_param_spec_string ("host-key", "Host key",
          "Device id of a host that may be shown the PIN though it was never "
          "met "
          "(null: none)",
          NULL, flags));
  /**
   * VmMeeting:ask-host:
   *
   * Whether somebody answers #VmMeeting::host-unknown; by default nobody does,
   * and such a host is passed by (%VM_ERROR_HOST_UNKNOWN).
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_ASK_HOST,
      g_param_spec_boolean ("ask-host", "Ask about hosts",
          "Whether the application asks its user about a host's key before the "
          "PIN is shown (default false)",
          FALSE, flags));
  /**
   * VmMeeting:cap-token:
   *
   * The capability that a mesh is shown (%VM_DIALECT_NAME_MESH), for `call`
   * and, where a screen is sent, `screen`; %NULL, the default, for one that its
   * server gives, and gives again before it expires. Any other server is shown
   * it when this device joins: one that admits those alone who have a token
   * (#VmRoomServer:auth-keys).
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_CAP_TOKEN,
      g_param_spec_string ("cap-token", "Capability token",
          "JSON Web Token that the server is shown (null: none; of a mesh, "
          "what its "
          "server gives)",
          NULL, flags));
}

static void
install_janus (GObjectClass *klass, GParamFlags flags)
{
  /**
   * VmMeeting:api-secret:
   *
   * The API secret of a Janus server (%VM_DIALECT_NAME_JANUS), at most 1024
   * bytes; %NULL, the default, for none. #VmMeeting:cap-token is the token that
   * such a server, or its room, may ask for.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_API_SECRET,
      g_param_spec_string ("api-secret", "API secret",
          "API secret of a Janus server (null: none)", NULL,
          G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  /**
   * VmMeeting:make-room:
   *
   * Whether a room of a Janus server is made where there is none, with
   * #VmMeeting:pin and #VmMeeting:max-participants, by default %FALSE.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_MAKE_ROOM,
      g_param_spec_boolean ("make-room", "Make the room",
          "Whether a room of Janus is made if there is none (default false)",
          FALSE, flags));
}

static void
install_ways (GObjectClass *klass, GParamFlags flags)
{
  /**
   * VmMeeting:mode:
   *
   * Whether to host it, to join it, or, by default, whichever fits.
   *
   * Since: 0.1
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
   * when none is said, and a proxy's path before the meeting; %NULL, the
   * default, to look for it. TLS is tried first; without it only this machine
   * is spoken to, unless the node is insecure. Of another #VmMeeting:dialect,
   * the address of the server's WebSocket, `wss://host:port/room`: with a
   * #VmMeeting:name the whole address, else its last part is the room. A path
   * that is not told is `/socket.io/` with %VM_DIALECT_NAME_SOCKETIO and
   * `/v2/ws` with %VM_DIALECT_NAME_MESH, where
   * `?access_token=` may bring a session that was begun. A room of Janus is
   * `janus+wss://host:port/room` (`protocol/janus.md`). The certificate must
   * be one that the system trusts, unless the server is on this machine.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_URI,
      g_param_spec_string ("uri", "URI",
          "Where to join it: videomeet://host:port/meeting, or "
          "ws(s)://host:port/room with another dialect, or "
          "janus+ws(s)://host:port/room (null: look for it)",
          NULL, flags));
  /**
   * VmMeeting:dialect:
   *
   * What is spoken with the server at #VmMeeting:uri, native by default.
   * Whatever it is, meetings that are hosted here or looked for are native.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_DIALECT,
      g_param_spec_enum ("dialect", "Dialect",
          "Signalling protocol spoken with the server at uri (default native)",
          VM_TYPE_DIALECT_NAME, VM_DIALECT_NAME_NATIVE, flags));
  /**
   * VmMeeting:call-type:
   *
   * What this participant wants to exchange, picture and sound by default.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_CALL_TYPE,
      g_param_spec_enum ("call-type", "Call type",
          "Picture and sound (video, the default), or sound only (audio)",
          VM_TYPE_CALL_TYPE, VM_CALL_TYPE_VIDEO, flags));
  /**
   * VmMeeting:direct-chat:
   *
   * Whether what is written to devices that have a key, and by them, goes over
   * data channels only, never over the meeting's server, which could read and
   * change it; %FALSE by default. For whoever tells of channels by
   * vm_meeting_set_channel(). The last 25 messages wait for the channel to be
   * open.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_DIRECT_CHAT,
      g_param_spec_boolean ("direct-chat", "Direct chat",
          "Chat with devices that have a key by data channels only (default "
          "false)",
          FALSE, flags));
}

static void
install_limits (GObjectClass *klass, GParamFlags flags)
{
  /**
   * VmMeeting:max-participants:
   *
   * To host: seats, the host's included; 2 to 128, 10 by default.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_MAX_PARTICIPANTS,
      g_param_spec_uint ("max-participants", "Max participants",
          "Seats of a meeting hosted here, the host's included (default 10)", 2,
          VM_SIGNAL_ROSTER_MAX, VM_MEETING_SEATS, flags));
  /**
   * VmMeeting:rejoin:
   *
   * Whether the meeting is joined anew when the connection to its server was
   * lost and the seat with it, as after a long sleep; %TRUE by default. It is
   * tried for 5 minutes, and ::rejoining tells of it. A meeting that its host
   * has ended, or sent this participant out of, is not joined anew. In a
   * meeting whose host is gone it goes on with the others while there are any.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_REJOIN,
      g_param_spec_boolean ("rejoin", "Rejoin",
          "Whether to join anew when the seat was lost (default true)", TRUE,
          flags));
  /**
   * VmMeeting:join-timeout:
   *
   * Milliseconds until #VmMeeting::failed when no seat was found; 1 or more,
   * 30000 by default.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_JOIN_TIMEOUT,
      g_param_spec_uint ("join-timeout", "Join timeout",
          "Milliseconds until joining has failed (default 30000)", 1, G_MAXINT,
          VM_MEETING_JOIN_TIMEOUT, flags));
  /**
   * VmMeeting:browse-time:
   *
   * Milliseconds that mode auto looks for the meeting before it hosts it, and
   * in which a host is looked for that takes the PIN, after one that does not;
   * 2000 by default.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_BROWSE_TIME,
      g_param_spec_uint ("browse-time", "Browse time",
          "Milliseconds that mode auto looks for the meeting before hosting it "
          "(default 2000)",
          0, G_MAXINT, VM_MEETING_BROWSE_TIME, flags));
}

static void
install_state (GObjectClass *klass, GParamFlags read)
{
  /**
   * VmMeeting:hosting:
   *
   * Whether this device hosts the meeting.
   *
   * Since: 0.1
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
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_LINK,
      g_param_spec_string ("link", "Link",
          "Where a browser joins the meeting (null: not known)", NULL, read));
  /**
   * VmMeeting:locked:
   *
   * Whether the host admits nobody else, at first %FALSE;
   * vm_meeting_set_locked() changes it.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_LOCKED,
      g_param_spec_boolean ("locked", "Locked",
          "Whether the host admits nobody else", FALSE, read));
}

void
vm_meeting_install (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  klass->get_property = vm_meeting_get_property;
  klass->set_property = vm_meeting_set_property;
  install_names (klass, flags);
  install_janus (klass, flags);
  install_ways (klass, flags);
  install_limits (klass, flags);
  install_state (klass, read);
  install_ice_properties (klass, flags, read);
  vm_meeting_install_signals ();
}
