/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>
#include "cluster/clusterkey.h"
#include "wire/signal.h"
#include "base/limits.h"

G_BEGIN_DECLS

/* The record of one room that the servers of a cluster share
 * (protocol/cluster.md#records): its participants and their servers. Pure; each
 * change is made to a copy and takes effect when it is written against the
 * revision that the copy was made from.
 *
 * A participant is held by (node, epoch): the epoch counts the seats that a
 * node has taken, so no pair occurs twice, and repeating a change has no
 * effect. */

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
  gboolean proven; /* @key, by a signature: no connection shows it */
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

VmClusterParticipant *
vm_cluster_participant_copy (const VmClusterParticipant *participant);
void vm_cluster_participant_free (VmClusterParticipant *participant);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (
    VmClusterParticipant, vm_cluster_participant_free)

/* Whether @a and @b, of the same id, are one participant, at any server. */
gboolean vm_cluster_participant_is_same (
    const VmClusterParticipant *a, const VmClusterParticipant *b);
/* Whether its texts are valid in a record; NULL stands for "". */
gboolean vm_cluster_participant_is_good (const VmClusterParticipant *one);

/* Without participants; @id: a uuid. */
VmClusterRecord *
vm_cluster_record_new (const gchar *name, const gchar *id, guint size);
VmClusterRecord *vm_cluster_record_copy (const VmClusterRecord *record);
void vm_cluster_record_free (VmClusterRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmClusterRecord, vm_cluster_record_free)

/* Whether they have the same stored form; NULL: no record. */
gboolean
vm_cluster_record_is_same (const VmClusterRecord *a, const VmClusterRecord *b);
/* Merges @other, another branch of the same meeting, into @record: adds its
 * participants while there are seats. Of one whose id or device is in both,
 * @other's entry replaces @record's, unless @record already has its (node,
 * epoch), or its id for somebody else. Takes the higher `joined`. Ignores
 * another meeting. */
void
vm_cluster_record_merge (VmClusterRecord *record, const VmClusterRecord *other);

/* As it is stored. Returns: (transfer full) */
GBytes *vm_cluster_record_write (const VmClusterRecord *record);
/* BAD_MESSAGE; TOO_LARGE. */
VmClusterRecord *vm_cluster_record_read (GBytes *bytes, GError **error);

/* The participant held by (@node, @epoch), or NULL. */
VmClusterParticipant *vm_cluster_record_find (
    const VmClusterRecord *record, const gchar *node, guint epoch);
/* The participant that @token, a vm_cluster_key(), resumes, or NULL. */
const VmClusterParticipant *vm_cluster_record_find_token (
    const VmClusterRecord *record, const gchar *token);
/* Unlocks the record when no participant is left that could: those without an
 * alias. */
void vm_cluster_record_look_who_moderates (VmClusterRecord *record);
/* The participant with that id, or NULL. */
const VmClusterParticipant *
vm_cluster_record_find_id (const VmClusterRecord *record, const gchar *id);
/* Whether @one, no longer under its (node, epoch), was replaced: its id or its
 * device is in the record. */
gboolean vm_cluster_record_has_other (
    const VmClusterRecord *record, const VmClusterParticipant *one);
/* A seat for @one, which gets an id unless it has one. It replaces an older
 * entry of the same device with the same key. MEETING_FULL; MEETING_LOCKED,
 * unless it has an id; WRONG_KEY: that device is here with another key;
 * RESUME_FAILED: somebody else has that id. */
const VmClusterParticipant *vm_cluster_record_seat (
    VmClusterRecord *record, const VmClusterParticipant *one, GError **error);
/* Moves the seat of @token, a vm_cluster_key(), to the node, epoch and next
 * token of @one, whose key must be the same if it showed one. RESUME_FAILED. */
const VmClusterParticipant *vm_cluster_record_resume (VmClusterRecord *record,
    const VmClusterParticipant *one, const gchar *token, GError **error);

G_END_DECLS
