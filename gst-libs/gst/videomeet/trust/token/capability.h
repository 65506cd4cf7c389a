/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/vmidentity-priv.h"
#include "trust/token/webtoken.h"
#include <gst/videomeet/vmerror.h>

/* Short-lived permissions of a mesh client (protocol/mesh.md#capabilities): a
 * JSON Web Token (RFC 7519) that a server signs with its device key, by ES256
 * (RFC 7518 §3.4) and nothing else. Sans-I/O: the clock is an argument, in Unix
 * seconds; any thread, except for VmCapabilityReplay. */

/* characters of a token */
#define VM_CAPABILITY_SIZE_MAX VM_WEBTOKEN_SIZE_MAX
/* seconds between nbf and exp; protocol/mesh.md#capabilities */
#define VM_CAPABILITY_TTL_MAX 300
#define VM_CAPABILITY_TTL 120 /* the default */
#define VM_CAPABILITY_TEXT_MAX 128 /* bytes of a name claim */

typedef enum
{
  VM_CAP_CALL = 1 << 0, /* call: rtc.* */
  VM_CAP_SCREEN = 1 << 1, /* screen: a screen in it */
  VM_CAP_FILE = 1 << 2, /* share:file */
  VM_CAP_FOLDER = 1 << 3, /* share:folder */
  VM_CAP_TERMINAL_VIEW = 1 << 4, /* terminal:view */
  VM_CAP_TERMINAL_CONTROL = 1 << 5, /* terminal:control */
} VmCaps;
#define VM_CAPS_N 6
#define VM_CAPS_ALL ((1 << VM_CAPS_N) - 1)

/* The name of one; NULL for none or more than one. */
const gchar *vm_cap_to_string (VmCaps cap);
/* 0 when @name names none. */
VmCaps vm_cap_from_string (const gchar *name);

/* The claims. */
typedef struct
{
  gchar *iss; /* device id of the server */
  gchar *sub; /* user_id of the holder */
  gchar *room_id; /* aud is the same */
  VmCaps caps;
  gint64 iat, nbf, exp;
  gchar *jti;
  gchar *target_peer_id; /* or NULL: any */
  gchar *target_device_id; /* or NULL: any */
  gint64 max_size; /* bytes; -1: any */
  gint64 max_rate; /* bytes a second; -1: any */
} VmCapability;

VmCapability *vm_capability_new (void);
void vm_capability_free (VmCapability *capability);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCapability, vm_capability_free)

/* capabilityclaims.c: the claims as JSON. Reading fails when a claim of §7 is
 * missing or has another type: VM_ERROR_CAP_INVALID. */
gchar *vm_capability_to_claims (const VmCapability *capability);
VmCapability *
vm_capability_from_claims (const gchar *json, gsize size, GError **error);

/* The token; its iss is the id of @identity. VM_ERROR_IDENTITY.
 * Returns: (transfer full) */
gchar *vm_capability_sign (
    VmIdentity *identity, const VmCapability *capability, GError **error);

/* The use that a client requests. */
typedef struct
{
  const gchar *iss; /* the only accepted issuer */
  GBytes *spki; /* its key */
  const gchar *sub;
  const gchar *room_id;
  VmCaps caps; /* all required */
  const gchar *target_peer_id; /* or NULL: no particular peer */
  const gchar *target_device_id; /* likewise */
} VmCapabilityUse;

/* Whether @token allows @use at @now. VM_ERROR_CAP_REQUIRED: there is none
 * (NULL or empty), or it lacks the caps; VM_ERROR_CAP_EXPIRED: it was valid,
 * and is too old; VM_ERROR_CAP_INVALID: anything else. Returns: (transfer full)
 */
VmCapability *vm_capability_verify (
    const gchar *token, const VmCapabilityUse *use, gint64 now, GError **error);
/* Its two steps: a costly check that @spki signed the token, and whether the
 * claims allow @use. Returns: (transfer full) */
VmCapability *
vm_capability_read (const gchar *token, GBytes *spki, GError **error);
gboolean vm_capability_allows (const VmCapability *capability,
    const VmCapabilityUse *use, gint64 now, GError **error);

/* JSON Web Key Set (RFC 7517) of @identity's public key; its kid is the hash of
 * the key. Returns: (transfer full) */
gchar *vm_capability_make_keys (VmIdentity *identity);

/* capabilitykeys.c: a key of such a set. */
typedef struct
{
  gchar *kid; /* or NULL */
  GBytes *spki;
} VmCapabilityKey;

#define VM_CAPABILITY_KEYS_MAX 16

/* The P-256 keys of a set that sign; others are left out. BAD_MESSAGE: no set,
 * none of these in it, or more than VM_CAPABILITY_KEYS_MAX.
 * Returns: (transfer full) (element-type VmCapabilityKey) */
GPtrArray *
vm_capability_read_keys (const gchar *json, gsize size, GError **error);
/* The claims of @token, which the key of its `iss` in @keys must have signed.
 * NULL without @error: there is no such key. */
VmCapability *vm_capability_read_by_keys (
    const gchar *token, const GPtrArray *keys, GError **error);

/* capabilityreplay.c: remembers which client used which token. A jti belongs to
 * the sub and the connection that first showed it; from another it is
 * VM_ERROR_CAP_INVALID. Used by one thread. */

#define VM_CAPABILITY_SEEN_MAX 8192 /* tokens that have not expired */
#define VM_CAPABILITY_SEEN_PER_ADDRESS 256 /* of them */

typedef struct _VmCapabilityReplay VmCapabilityReplay;

VmCapabilityReplay *vm_capability_replay_new (void);
void vm_capability_replay_free (VmCapabilityReplay *replay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCapabilityReplay, vm_capability_replay_free)
/* @group: the address, see vm_address_group(); @connection: any number but 0
 * that no other connection has had. VM_ERROR_RATE_LIMITED: too many are
 * remembered, of this address or of all; a valid one is never forgotten for a
 * new one. */
gboolean vm_capability_replay_check (VmCapabilityReplay *replay,
    const VmCapability *capability, const gchar *group, guint64 connection,
    gint64 now, GError **error);
/* Whether @jti was used, or barred. */
gboolean
vm_capability_replay_knows (VmCapabilityReplay *replay, const gchar *jti);
/* Bars @jti for all clients here: it turned out to be used on another server.
 */
void vm_capability_replay_bar (VmCapabilityReplay *replay, const gchar *jti);
/* Treats @jti as unused again. */
void vm_capability_replay_forget (VmCapabilityReplay *replay, const gchar *jti);
guint vm_capability_replay_count (VmCapabilityReplay *replay);
