/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmenums
 * @title: Choices
 * @short_description: the words that properties take
 *
 * Enumerations and flags of properties. Their nicks are what `gst-launch-1.0`
 * takes: `mode=host`, `announce=minimal`, `methods=mdns+udp`.
 */

#include <gst/videomeet/vmenums.h>

/* Spelled out rather than generated: short lists, and the nicks are the
 * words users type in gst-launch. The names are sentences, as gst-inspect-1.0
 * shows them beside; C's own are in the introspection data all the same. */
#define VM_DEFINE_ENUM(Name, name, register_static, ValueType, ...)       \
  GType name##_get_type (void)                                            \
  {                                                                       \
    static gsize type = 0;                                                \
    static const ValueType values[] = { __VA_ARGS__, { 0, NULL, NULL } }; \
    if (g_once_init_enter (&type))                                        \
      g_once_init_leave (&type, register_static (#Name, values));         \
    return type;                                                          \
  }
#define VALUE(id, nick, words) \
  {                            \
    id, words, nick            \
  }

VM_DEFINE_ENUM (VmAnnounce, vm_announce, g_enum_register_static, GEnumValue,
    VALUE (VM_ANNOUNCE_FULL, "full",
        "The network learns user, device and meeting"),
    VALUE (VM_ANNOUNCE_MINIMAL, "minimal",
        "The network learns that a device is here, not whose, and no meeting"),
    VALUE (VM_ANNOUNCE_OFF, "off",
        "The network learns nothing; others are found all the same"))

VM_DEFINE_ENUM (VmMethods, vm_methods, g_flags_register_static, GFlagsValue,
    VALUE (VM_METHODS_NONE, "none", "Find nobody"),
    VALUE (VM_METHODS_MDNS, "mdns",
        "DNS-SD over multicast DNS, by the Avahi daemon"),
    VALUE (VM_METHODS_UDP, "udp",
        "Broadcast and multicast datagrams, without a daemon"),
    VALUE (VM_METHODS_MANUAL, "manual", "Ask the addresses in peers"),
    VALUE (VM_METHODS_ALL, "all", "All of these ways at once"))

VM_DEFINE_ENUM (VmMeetingMode, vm_meeting_mode, g_enum_register_static,
    GEnumValue,
    VALUE (VM_MEETING_MODE_AUTO, "auto",
        "Join the meeting if somebody hosts it, else host it"),
    VALUE (VM_MEETING_MODE_HOST, "host",
        "Open the meeting on this device and let others join"),
    VALUE (VM_MEETING_MODE_JOIN, "join",
        "Join the meeting that another device hosts"))

VM_DEFINE_ENUM (VmCloudTrust, vm_cloud_trust, g_enum_register_static,
    GEnumValue,
    VALUE (VM_CLOUD_TRUST_REFUSE, "refuse",
        "The policy require keeps this device out of the cloud"),
    VALUE (VM_CLOUD_TRUST_ALLOW, "allow",
        "Servers that pass media on, and those behind them, are met all the "
        "same"))

VM_DEFINE_ENUM (VmCallType, vm_call_type, g_enum_register_static, GEnumValue,
    VALUE (VM_CALL_TYPE_VIDEO, "video", "Picture and sound"),
    VALUE (VM_CALL_TYPE_AUDIO, "audio", "Sound without picture"))

VM_DEFINE_ENUM (VmPermissions, vm_permissions, g_flags_register_static,
    GFlagsValue, VALUE (VM_PERMISSIONS_NONE, "none", "Nothing"),
    VALUE (VM_PERMISSIONS_CALL, "call", "Meet with this device"),
    VALUE (VM_PERMISSIONS_FILE, "file", "Offer it files"),
    VALUE (VM_PERMISSIONS_FOLDER, "folder", "Offer it folders"),
    VALUE (VM_PERMISSIONS_TERMINAL_VIEW, "terminal-view",
        "See a terminal that it shares"),
    VALUE (VM_PERMISSIONS_TERMINAL_CONTROL, "terminal-control",
        "Type into a terminal that it shares"),
    VALUE (VM_PERMISSIONS_INTRODUCER, "introducer", "Vouch for others"),
    VALUE (VM_PERMISSIONS_ALL, "all", "All of them"))

VM_DEFINE_ENUM (VmPolicy, vm_policy, g_enum_register_static, GEnumValue,
    VALUE (VM_POLICY_OPEN, "open", "Anybody, shown as unknown"),
    VALUE (VM_POLICY_PIN, "pin",
        "Anybody at first, and held to its key from then on"),
    VALUE (VM_POLICY_REQUIRE, "require",
        "Trusted devices, those they vouch for, and invited guests"))

VM_DEFINE_ENUM (VmApprove, vm_approve, g_enum_register_static, GEnumValue,
    VALUE (VM_APPROVE_ASK, "ask",
        "The user compares the digits and approves or denies"),
    VALUE (VM_APPROVE_AUTO, "auto",
        "Approve at once, unseen: for laboratories only"),
    VALUE (VM_APPROVE_NEVER, "never", "Take no requests for trust"))

VM_DEFINE_ENUM (VmOverwrite, vm_overwrite, g_enum_register_static, GEnumValue,
    VALUE (
        VM_OVERWRITE_NEVER, "never", "A file whose name is taken is refused"),
    VALUE (VM_OVERWRITE_RENAME, "rename", "It becomes \"name (1).ext\""),
    VALUE (VM_OVERWRITE_REPLACE, "replace",
        "The file of exactly this name is replaced, once the new one is "
        "verified"))

VM_DEFINE_ENUM (VmAccept, vm_accept, g_enum_register_static, GEnumValue,
    VALUE (VM_ACCEPT_AUTO, "auto", "Receive what the folder's rules allow"),
    VALUE (VM_ACCEPT_ASK, "ask", "Receive what the user accepts"),
    VALUE (VM_ACCEPT_NEVER, "never", "Receive nothing"))

VM_DEFINE_ENUM (VmProtection, vm_protection, g_enum_register_static, GEnumValue,
    VALUE (VM_PROTECTION_HMAC, "hmac",
        "HMAC-SHA-256 under a key that only the two devices have"),
    VALUE (VM_PROTECTION_SIGNATURE, "signature",
        "The device key's signature, which everybody can check"),
    VALUE (VM_PROTECTION_SHA256, "sha256",
        "A checksum: finds accidents, and no attacker"))

VM_DEFINE_ENUM (VmTrustLevel, vm_trust_level, g_enum_register_static,
    GEnumValue,
    VALUE (VM_TRUST_LEVEL_UNKNOWN, "unknown",
        "Never seen before, or without a key"),
    VALUE (VM_TRUST_LEVEL_KNOWN, "known", "Its key was seen before"),
    VALUE (VM_TRUST_LEVEL_GUEST, "guest", "Came by an invitation"),
    VALUE (VM_TRUST_LEVEL_VOUCHED, "vouched", "A trusted introducer trusts it"),
    VALUE (VM_TRUST_LEVEL_TRUSTED, "trusted",
        "Both users have compared the digits"))

VM_DEFINE_ENUM (VmDescriptionType, vm_description_type, g_enum_register_static,
    GEnumValue,
    VALUE (VM_DESCRIPTION_TYPE_OFFER, "offer",
        "What one side would send and receive"),
    VALUE (VM_DESCRIPTION_TYPE_ANSWER, "answer",
        "What of it the other side takes"))

VM_DEFINE_ENUM (VmDialectName, vm_dialect_name, g_enum_register_static,
    GEnumValue,
    VALUE (VM_DIALECT_NAME_NATIVE, "native",
        "What videomeet devices speak with each other"),
    VALUE (VM_DIALECT_NAME_ROOM, "room",
        "What the room servers of web pages speak (join, offer, answer, "
        "ice-candidate)"),
    VALUE (VM_DIALECT_NAME_CALL, "call",
        "What servers speak whose users call each other (call-offer, "
        "call-answer, call-end)"),
    VALUE (VM_DIALECT_NAME_SOCKETIO, "socketio",
        "What the room servers of web pages speak in Socket.IO (offer, answer "
        "and the like, as events)"),
    VALUE (VM_DIALECT_NAME_MESH, "mesh",
        "What servers of a mesh speak with its pages (system.hello, room.join, "
        "rtc.offer)"),
    VALUE (VM_DIALECT_NAME_JANUS, "janus",
        "What Janus speaks with those in a videoroom, whose media it passes "
        "on"))
