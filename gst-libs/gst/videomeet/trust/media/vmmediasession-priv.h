/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmmediasession.h>

/* For VmMeeting, and the last three for VmFileLane. */

/* Connections that both have signed which a restart may refer to, besides the
 * last that was established; of more, the oldest are forgotten. */
#define VM_MEDIA_SETTLED_MAX 8

/* The two participants, and the connection between them. */
typedef struct
{
  VmIdentity *identity; /* the key of this device */
  const gchar *meeting_id; /* of the meeting that both are in */
  const gchar *participant_id; /* this device's seat in it */
  /* the nonce that this device sent when it joined: 16 bytes in base64, or NULL
   */
  const gchar *nonce;
  /* "" or NULL for a browser, which has no key */
  const gchar *other_device_id;
  const gchar *other_participant_id;
  const gchar *other_nonce; /* or NULL */
  gboolean keyless; /* whether a browser without a key is allowed */
  const gchar *session; /* the uuid of this exchange of descriptions, or NULL */
  guint generation; /* counts the offers of a session */
} VmMediaSessionConfig;

/* @before: an earlier connection of the same two, or NULL: its identities are
 * refused, and only keyless, session and generation of @config are used. */
VmMediaSession *vm_media_session_new (
    const VmMediaSessionConfig *config, VmMediaSession *before);
/* DTLS has connected the two by what they have signed here; nothing where it
 * is not signed. */
void vm_media_session_set_established (VmMediaSession *self);
/* A request for a new offer, which renews this side's nonce; its signature
 * names the last connection that was established, or else the last that both
 * have signed, whichever @self is. FALSE without @error when there was none. */
gboolean vm_media_session_sign_restart (
    VmMediaSession *self, gchar **nonce, gchar **identity, GError **error);
/* The other's request. As vm_media_session_check(), and FALSE without @error
 * when it is not to be taken and nobody need have forged it: while no
 * connection was established the other may have signed what this side has
 * not. */
gboolean vm_media_session_check_restart (VmMediaSession *self,
    const gchar *nonce, const gchar *identity, GError **error);

/* This device's identity; the other device's key (NULL: it has signed nothing),
 * and its id ("": it has no key). All: transfer none. */
VmIdentity *vm_media_session_get_identity (VmMediaSession *self);
GBytes *vm_media_session_get_other_key (VmMediaSession *self);
const gchar *vm_media_session_get_other_device (VmMediaSession *self);
