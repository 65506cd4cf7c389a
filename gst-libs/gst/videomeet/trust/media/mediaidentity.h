/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/signature.h"

/* `identity` of an offer, an answer or a restart
 * (security.md#media-and-messages): the device's signed claim that these media
 * are its own. On the wire it is one string, the base64url (RFC 4648 §5, no
 * padding) of
 *
 *   version u8 = 1 | SPKI 91 | ek 91 | expiry u64, Unix seconds | signature 64
 *
 * with integers big-endian, both keys as DER SubjectPublicKeyInfo. Both sides
 * already know the other signed fields, so they are not sent again and the
 * string cannot contradict them. The signature is over the transcript of
 *
 *   "vm2 media", role, meeting, device, participant and nonce of the sender,
 *   the same of the receiver, session, generation, fingerprint ("AA:BB:…"),
 *   ice-ufrag, ek, expiry, and of an answer SHA-256 of the offer's identity as
 *   it was on the wire (empty otherwise)
 *
 * Pure: `date` is Unix time in seconds. */

#define VM_MEDIA_NONCE_SIZE 16 /* bytes */
#define VM_MEDIA_IDENTITY_SIZE 255 /* bytes */
#define VM_MEDIA_IDENTITY_LENGTH 340 /* characters */
#define VM_MEDIA_IDENTITY_TIME 120 /* s that one is good */
/* The allowed difference of the clocks of two devices, s. The nonces already
 * show that an identity is fresh. */
#define VM_MEDIA_CLOCK_SKEW 300
/* Identities that a replay guard remembers, each for 2 VM_MEDIA_CLOCK_SKEW +
 * VM_MEDIA_IDENTITY_TIME seconds at most; beyond, no other is accepted. */
#define VM_MEDIA_REPLAY_MAX 1024

typedef enum
{
  VM_MEDIA_OFFER,
  VM_MEDIA_ANSWER,
  VM_MEDIA_RESTART, /* asks for a new offer */
  VM_MEDIA_TERMINAL, /* answers a page that offers to see a terminal */
} VmMediaRole;

typedef struct
{
  const gchar *device_id; /* "": a browser without a key */
  const gchar *participant_id;
  const guint8 *nonce; /* VM_MEDIA_NONCE_SIZE; fresh, by this side */
} VmMediaSide;

/* The context of an identity; each side fills it in from its own knowledge. */
typedef struct
{
  VmMediaRole role;
  const gchar *meeting_id;
  VmMediaSide from;
  VmMediaSide to;
  const gchar *session;
  gint64 generation;
  const gchar *sdp; /* any text; of a restart, the sender's last */
  /* of an answer: the offer's identity; of a terminal: the offer's SDP; else
   * NULL */
  const gchar *offer;
} VmMediaBinding;

/* As read; vm_media_identity_verify() fills in the rest. */
typedef struct
{
  GBytes *spki;
  GBytes *ek; /* a P-256 key */
  gint64 expires;
  guint8 signature[VM_SIGNATURE_SIZE];

  gchar *fingerprint; /* that DTLS must present, "AA:BB:…" */
  guint8 hash[VM_SHA256_SIZE]; /* of what is signed */
} VmMediaIdentity;
void vm_media_identity_clear (VmMediaIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmMediaIdentity, vm_media_identity_clear)

/* @ek: the public half of a fresh key (messagekeys.h). NULL with
 * VM_ERROR_BAD_MESSAGE: the SDP is not usable, or it is an answer without an
 * offer; VM_ERROR_IDENTITY. */
gchar *vm_media_identity_sign (VmIdentity *identity,
    const VmMediaBinding *binding, GBytes *ek, gint64 date, GError **error);
/* @identity: all zero; @text: any, or NULL when there is none.
 * VM_ERROR_BAD_MESSAGE. */
gboolean vm_media_identity_parse (
    VmMediaIdentity *identity, const gchar *text, GError **error);
/* VM_ERROR_WRONG_KEY: the key is not that of the sender's device id;
 * VM_ERROR_BAD_MESSAGE: as above; VM_ERROR_SIGNATURE: it is too old, or not the
 * sender's signature of this. */
gboolean vm_media_identity_verify (VmMediaIdentity *identity,
    const VmMediaBinding *binding, gint64 date, GError **error);

/* Accepts each identity once. */
typedef struct _VmMediaReplay VmMediaReplay;
VmMediaReplay *vm_media_replay_new (void);
void vm_media_replay_free (VmMediaReplay *replay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMediaReplay, vm_media_replay_free)
/* @identity: a verified one. VM_ERROR_SIGNATURE: it was taken before;
 * VM_ERROR_RATE_LIMITED: beyond VM_MEDIA_REPLAY_MAX. */
gboolean vm_media_replay_accept (VmMediaReplay *replay,
    const VmMediaIdentity *identity, gint64 date, GError **error);
