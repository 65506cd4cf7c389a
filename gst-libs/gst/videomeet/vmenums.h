/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VM_DEFAULT_PORT:
 *
 * The default TCP port on which a device listens, and is looked for
 * (`protocol/http.md#requests`; `protocol/discovery.md#mdns`). When it is
 * taken, a device listens on the next one that is free.
 *
 * Since: 0.1
 */
#define VM_DEFAULT_PORT 8080

/**
 * VmAnnounce:
 * @VM_ANNOUNCE_FULL: user, device, id, key hash and meeting are announced
 * @VM_ANNOUNCE_MINIMAL: an empty user, a device name random per network, and
 *   `meeting=private`: shows that a user is here, but not which
 * @VM_ANNOUNCE_OFF: nothing is announced; this device still finds others
 *
 * How much a device tells the network about itself
 * (`protocol/discovery.md#announce`).
 *
 * Since: 0.1
 */
typedef enum
{
  VM_ANNOUNCE_FULL,
  VM_ANNOUNCE_MINIMAL,
  VM_ANNOUNCE_OFF,
} VmAnnounce;

/**
 * VmMethods:
 * @VM_METHODS_NONE: none
 * @VM_METHODS_MDNS: DNS-SD over mDNS, by the Avahi daemon
 * @VM_METHODS_UDP: broadcast and multicast datagrams on port 48080
 * @VM_METHODS_MANUAL: the addresses in `peers`
 * @VM_METHODS_ALL: all of them
 *
 * How devices find each other (protocol/discovery.md).
 *
 * Since: 0.1
 */
typedef enum /*< flags >*/
{
  VM_METHODS_NONE = 0,
  VM_METHODS_MDNS = 1 << 0,
  VM_METHODS_UDP = 1 << 1,
  VM_METHODS_MANUAL = 1 << 2,
  VM_METHODS_ALL = 7,
} VmMethods;

/**
 * VmMeetingMode:
 * @VM_MEETING_MODE_AUTO: join a meeting of that name that is found within
 *   #VmMeeting:browse-time, else host it
 * @VM_MEETING_MODE_HOST: host it
 * @VM_MEETING_MODE_JOIN: join it, as soon as it is found
 *
 * How a meeting is entered.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_MEETING_MODE_AUTO,
  VM_MEETING_MODE_HOST,
  VM_MEETING_MODE_JOIN,
} VmMeetingMode;

/**
 * VmCallType:
 * @VM_CALL_TYPE_VIDEO: picture and sound
 * @VM_CALL_TYPE_AUDIO: sound only
 *
 * What a participant wants to exchange.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_CALL_TYPE_VIDEO,
  VM_CALL_TYPE_AUDIO,
} VmCallType;

/**
 * VmPermissions:
 * @VM_PERMISSIONS_NONE: nothing
 * @VM_PERMISSIONS_CALL: meet with this device
 * @VM_PERMISSIONS_FILE: offer it files
 * @VM_PERMISSIONS_FOLDER: offer it folders
 * @VM_PERMISSIONS_TERMINAL_VIEW: see a terminal that it shares
 * @VM_PERMISSIONS_TERMINAL_CONTROL: type into one
 * @VM_PERMISSIONS_INTRODUCER: vouch for others
 * @VM_PERMISSIONS_ALL: all of them
 *
 * What a trusted device may do (`security.md#tokens`).
 *
 * Since: 0.1
 */
typedef enum /*< flags >*/
{
  VM_PERMISSIONS_NONE = 0,
  VM_PERMISSIONS_CALL = 1 << 0,
  VM_PERMISSIONS_FILE = 1 << 1,
  VM_PERMISSIONS_FOLDER = 1 << 2,
  VM_PERMISSIONS_TERMINAL_VIEW = 1 << 3,
  VM_PERMISSIONS_TERMINAL_CONTROL = 1 << 4,
  VM_PERMISSIONS_INTRODUCER = 1 << 5,
  VM_PERMISSIONS_ALL = 63,
} VmPermissions;

/**
 * VmCloudTrust:
 * @VM_CLOUD_TRUST_REFUSE: %VM_POLICY_REQUIRE keeps this device out of the cloud
 * @VM_CLOUD_TRUST_ALLOW: servers that pass media on, and can see it, and those
 *   behind them, are met all the same
 *
 * Whether a device that meets trusted devices only meets the cloud, where
 * nobody shows a key (`protocol/bridge.md`). The other policies meet it.
 *
 * Since: 0.3
 */
typedef enum
{
  VM_CLOUD_TRUST_REFUSE,
  VM_CLOUD_TRUST_ALLOW,
} VmCloudTrust;

/**
 * VmPolicy:
 * @VM_POLICY_OPEN: anybody, shown as unknown
 * @VM_POLICY_PIN: anybody at first, and held to its key from then on
 * @VM_POLICY_REQUIRE: trusted devices, those they vouch for, and invited guests
 *
 * Which devices a device meets.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_POLICY_OPEN,
  VM_POLICY_PIN,
  VM_POLICY_REQUIRE,
} VmPolicy;

/**
 * VmApprove:
 * @VM_APPROVE_ASK: the user compares the digits and confirms
 * @VM_APPROVE_AUTO: at once, without a check: for labs only
 * @VM_APPROVE_NEVER: not at all
 *
 * Who approves other devices' requests for trust.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_APPROVE_ASK,
  VM_APPROVE_AUTO,
  VM_APPROVE_NEVER,
} VmApprove;

/**
 * VmOverwrite:
 * @VM_OVERWRITE_NEVER: a file whose name is taken is refused
 * @VM_OVERWRITE_RENAME: it becomes "name (1).ext"
 * @VM_OVERWRITE_REPLACE: the file of exactly this name is replaced, once the
 *   new one is verified; one whose name only looks alike is not
 *
 * What happens when a file is received whose name is taken.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_OVERWRITE_NEVER,
  VM_OVERWRITE_RENAME,
  VM_OVERWRITE_REPLACE,
} VmOverwrite;

/**
 * VmAccept:
 * @VM_ACCEPT_AUTO: every file that the folder's rules allow
 * @VM_ACCEPT_ASK: those that the user accepts
 * @VM_ACCEPT_NEVER: none
 *
 * Which offered files are received.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_ACCEPT_AUTO,
  VM_ACCEPT_ASK,
  VM_ACCEPT_NEVER,
} VmAccept;

/**
 * VmProtection:
 * @VM_PROTECTION_HMAC: HMAC-SHA-256 under a key that only two devices have
 * @VM_PROTECTION_SIGNATURE: a signature of the device key, which everybody can
 *   check
 * @VM_PROTECTION_SHA256: a checksum: finds accidents, and no attacker
 *
 * How the messages of a stream are authenticated
 * (`security.md#media-and-messages`).
 *
 * Since: 0.1
 */
typedef enum
{
  VM_PROTECTION_HMAC = 1,
  VM_PROTECTION_SIGNATURE,
  VM_PROTECTION_SHA256,
} VmProtection;

/**
 * VmTrustLevel:
 * @VM_TRUST_LEVEL_UNKNOWN: never seen before, or without a key
 * @VM_TRUST_LEVEL_KNOWN: its key was seen before
 * @VM_TRUST_LEVEL_GUEST: came by an invitation
 * @VM_TRUST_LEVEL_VOUCHED: a trusted introducer trusts it
 * @VM_TRUST_LEVEL_TRUSTED: both users have compared the digits
 *
 * How well a device is known, from least to most.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_TRUST_LEVEL_UNKNOWN,
  VM_TRUST_LEVEL_KNOWN,
  VM_TRUST_LEVEL_GUEST,
  VM_TRUST_LEVEL_VOUCHED,
  VM_TRUST_LEVEL_TRUSTED,
} VmTrustLevel;

/**
 * VmDescriptionType:
 * @VM_DESCRIPTION_TYPE_OFFER: an SDP offer
 * @VM_DESCRIPTION_TYPE_ANSWER: an SDP answer
 *
 * The two session descriptions of an exchange (RFC 3264).
 *
 * Since: 0.1
 */
typedef enum
{
  VM_DESCRIPTION_TYPE_OFFER,
  VM_DESCRIPTION_TYPE_ANSWER,
} VmDescriptionType;

/**
 * VmDialectName:
 * @VM_DIALECT_NAME_NATIVE: videomeet.v2, this project's own
 * @VM_DIALECT_NAME_ROOM: rooms on a server whose messages are `join`,
 *   `peer-joined`, `offer`, `answer`, `ice-candidate` and so on
 * @VM_DIALECT_NAME_CALL: calls between two users of a server whose messages are
 *   `call-offer`, `call-answer`, `call-end` and so on
 * @VM_DIALECT_NAME_SOCKETIO: rooms on a server of Socket.IO whose events are
 *   `join_room`, `user_joined`, `offer`, `answer`, `ice_candidate` and so on
 * @VM_DIALECT_NAME_MESH: rooms of a mesh, whose messages are `system.hello`,
 *   `room.join`, `rtc.offer`, `chat.message.send` and so on
 * @VM_DIALECT_NAME_JANUS: rooms of a Janus videoroom, whose server passes media
 *   on; an address that begins with `janus+` needs no other word
 *
 * The dialect of the server where a meeting is joined
 * (`protocol/README.md#words`).
 *
 * Since: 0.1
 */
typedef enum
{
  VM_DIALECT_NAME_NATIVE,
  VM_DIALECT_NAME_ROOM,
  VM_DIALECT_NAME_CALL,
  VM_DIALECT_NAME_SOCKETIO,
  VM_DIALECT_NAME_MESH,
  VM_DIALECT_NAME_JANUS,
} VmDialectName;

#define VM_TYPE_ANNOUNCE (vm_announce_get_type ())
#define VM_TYPE_METHODS (vm_methods_get_type ())
#define VM_TYPE_MEETING_MODE (vm_meeting_mode_get_type ())
#define VM_TYPE_CALL_TYPE (vm_call_type_get_type ())
#define VM_TYPE_PERMISSIONS (vm_permissions_get_type ())
#define VM_TYPE_POLICY (vm_policy_get_type ())
#define VM_TYPE_CLOUD_TRUST (vm_cloud_trust_get_type ())
#define VM_TYPE_APPROVE (vm_approve_get_type ())
#define VM_TYPE_OVERWRITE (vm_overwrite_get_type ())
#define VM_TYPE_ACCEPT (vm_accept_get_type ())
#define VM_TYPE_PROTECTION (vm_protection_get_type ())
#define VM_TYPE_TRUST_LEVEL (vm_trust_level_get_type ())
#define VM_TYPE_DESCRIPTION_TYPE (vm_description_type_get_type ())
#define VM_TYPE_DIALECT_NAME (vm_dialect_name_get_type ())

VM_API GType vm_announce_get_type (void);
VM_API GType vm_methods_get_type (void);
VM_API GType vm_meeting_mode_get_type (void);
VM_API GType vm_call_type_get_type (void);
VM_API GType vm_permissions_get_type (void);
VM_API GType vm_policy_get_type (void);
VM_API GType vm_cloud_trust_get_type (void);
VM_API GType vm_approve_get_type (void);
VM_API GType vm_overwrite_get_type (void);
VM_API GType vm_accept_get_type (void);
VM_API GType vm_protection_get_type (void);
VM_API GType vm_trust_level_get_type (void);
VM_API GType vm_description_type_get_type (void);
VM_API GType vm_dialect_name_get_type (void);

G_END_DECLS
