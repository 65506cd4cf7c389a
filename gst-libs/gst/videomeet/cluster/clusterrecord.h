/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>
#include "wire/signal.h"
#include "base/limits.h"

G_BEGIN_DECLS

/* What the servers of a cluster share of one room
 * (protocol/cluster.md#records): who sits in it, and at which server. Pure;
 * each change is made to a copy and counts when it was written against the
 * revision that it was made from.
 *
 * A participant is held by (node, epoch): the epoch is a counter of the seats
 * that one node has taken, so nobody has the same twice, and a change that was
 * made twice is the same as one that was made once. */

#define VM_CLUSTER_KEY_LENGTH \
  52 /* characters: base32 of a SHA-256, no padding */
#define VM_CLUSTER_NODE_MAX 64 /* letters, digits, `-` and `_` */
#define VM_CLUSTER_RECORD_MAX (256 * 1024) /* bytes; a full one has 110,000 */

typedef struct
{
  gchar *id; /* in the room; NULL: not seated yet */
  gchar *node;
  guint epoch;
  gchar *alias; /* of a client that was named before it had a seat, or "" */
  gchar *user;
  gchar *device;
  gchar *device_id; /* or "" */
  gchar *key; /* hash of the key that it has proven, or "" */
  gchar *nonce; /* or "" */
  gchar *resume; /* vm_cluster_key() of the token to resume with, or "" */
  VmCallType call_type;
  gboolean proven; /* that key by a signature: no connection shows it */
} VmClusterParticipant;

typedef struct
{
  gchar *name;
  gchar *id; /* of the meeting */
  guint size; /* seats */
  guint joined; /* participants so far; the last one's number */
  gboolean locked; /* nobody else is admitted */
  GPtrArray *participants; /* VmClusterParticipant, in the order they joined */
} VmClusterRecord;

/* What a name, or a token, is called in keys and subjects: base32 (RFC 4648 §6)
 * of its SHA-256, so that no name says anything there. Returns: (transfer
 * full) */
gchar *vm_cluster_key (const gchar *name);
gboolean vm_cluster_is_node (const gchar *node);

VmClusterParticipant *
vm_cluster_participant_copy (const VmClusterParticipant *participant);
void vm_cluster_participant_free (VmClusterParticipant *participant);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (
    VmClusterParticipant, vm_cluster_participant_free)

/* Whether @a and @b, of the same id, are one participant, wherever it sits. */
gboolean vm_cluster_participant_is_same (
    const VmClusterParticipant *a, const VmClusterParticipant *b);
/* Whether its texts are what a record may have; NULL stands for "". */
gboolean vm_cluster_participant_is_good (const VmClusterParticipant *one);

/* Without participants; @id: a uuid. */
VmClusterRecord *
vm_cluster_record_new (const gchar *name, const gchar *id, guint size);
VmClusterRecord *vm_cluster_record_copy (const VmClusterRecord *record);
void vm_cluster_record_free (VmClusterRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmClusterRecord, vm_cluster_record_free)

/* Whether they are stored alike; NULL: there is none. */
gboolean
vm_cluster_record_is_same (const VmClusterRecord *a, const VmClusterRecord *b);
/* @record, which is right, gets those of @other, another branch of it, of whom
 * it does not know, as far as there are seats, and the places that @other has
 * of those whom it knows elsewhere. Nothing of another meeting. */
void
vm_cluster_record_merge (VmClusterRecord *record, const VmClusterRecord *other);

/* As it is stored. Returns: (transfer full) */
GBytes *vm_cluster_record_write (const VmClusterRecord *record);
/* BAD_MESSAGE; TOO_LARGE. */
VmClusterRecord *vm_cluster_record_read (GBytes *bytes, GError **error);

/* Who is held by (@node, @epoch), or NULL. */
VmClusterParticipant *vm_cluster_record_find (
    const VmClusterRecord *record, const gchar *node, guint epoch);
/* Whom @token, a vm_cluster_key(), brings back, or NULL. */
const VmClusterParticipant *vm_cluster_record_find_token (
    const VmClusterRecord *record, const gchar *token);
/* A lock goes with the last who could open it: those without an alias. */
void vm_cluster_record_look_who_moderates (VmClusterRecord *record);
/* Who has that id, or NULL. */
const VmClusterParticipant *
vm_cluster_record_find_id (const VmClusterRecord *record, const gchar *id);
/* Whether @one, which (node, epoch) does not find, has been replaced: it is
 * there under its id, or its device is. */
gboolean vm_cluster_record_has_other (
    const VmClusterRecord *record, const VmClusterParticipant *one);
/* A seat for @one, which gets an id unless it has one. An older entry of the
 * same device makes room for it, with the same key alone. MEETING_FULL;
 * MEETING_LOCKED, unless it has an id; WRONG_KEY: that device is here with
 * another key; RESUME_FAILED: somebody else has that id. */
const VmClusterParticipant *vm_cluster_record_seat (
    VmClusterRecord *record, const VmClusterParticipant *one, GError **error);
/* The seat that @token, a vm_cluster_key(), brings back goes over to the node,
 * the epoch and the next token of @one, whose key must be the same, where it
 * showed one. RESUME_FAILED. */
const VmClusterParticipant *vm_cluster_record_resume (VmClusterRecord *record,
    const VmClusterParticipant *one, const gchar *token, GError **error);

G_END_DECLS
