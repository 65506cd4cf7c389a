/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/sas.h"

/* The six digits that two people compare in a meeting
 * (protocol/meeting.md#compare): they come from the certificates of the
 * connection between the two and a nonce of each. Who asks commits to its nonce
 * first. One with each participant; pure: time in µs, monotonic, and randomness
 * are arguments. Any thread, one at a time. */

#define VM_COMPARISON_ANSWER_US (5 * G_USEC_PER_SEC)
/* A request of the other side within this time of its last one is ignored. */
#define VM_COMPARISON_ASK_US (10 * G_USEC_PER_SEC)
#define VM_COMPARISON_TEXT_MAX 512 /* bytes of a message */

typedef struct _VmComparison VmComparison;

/* SHA-256 fingerprints of both ends of the connection in use, "AA:BB:…". */
typedef struct
{
  const gchar *own, *theirs;
} VmComparisonFingerprints;

typedef enum
{
  VM_COMPARISON_NOTHING,
  VM_COMPARISON_DIGITS, /* there are some to show */
  VM_COMPARISON_UNANSWERED, /* the other side has none */
  VM_COMPARISON_CHANGED, /* another connection came meanwhile */
  VM_COMPARISON_WRONG, /* the other side has not kept to what it said */
  VM_COMPARISON_DIFFERS, /* the other user has found that they differ */
} VmComparisonNews;

typedef enum
{
  VM_COMPARISON_UNKNOWN,
  VM_COMPARISON_SAME,
  VM_COMPARISON_DIFFERENT,
} VmComparisonResult;

/* "digits", "unanswered", …; NULL for VM_COMPARISON_NOTHING. */
const gchar *vm_comparison_news_to_string (VmComparisonNews news);

/* Ids of participants; @earlier: this one came before the other. */
VmComparison *vm_comparison_new (
    const gchar *own_id, const gchar *their_id, gboolean earlier);
void vm_comparison_free (VmComparison *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmComparison, vm_comparison_free)

/* This side asks. Returns: (transfer full): what is to be sent. */
gchar *vm_comparison_ask (VmComparison *self,
    const VmComparisonFingerprints *fingerprints,
    const guint8 nonce[VM_TRUST_NONCE_SIZE], gint64 now);
/* @text came over the connection. @nonce: random, in case that it is needed.
 * *@reply: (out) (transfer full) (nullable): what is to be sent. */
VmComparisonNews vm_comparison_take (VmComparison *self, const gchar *text,
    const VmComparisonFingerprints *fingerprints,
    const guint8 nonce[VM_TRUST_NONCE_SIZE], gint64 now, gchar **reply);
/* Whether @text is a message of this kind at all. */
gboolean vm_comparison_is_for (const gchar *text);
/* Time has passed. */
VmComparisonNews vm_comparison_tick (VmComparison *self, gint64 now);
/* When to call that, or -1. */
gint64 vm_comparison_get_deadline (const VmComparison *self);
/* That are to be compared now; NULL: none are. */
const gchar *vm_comparison_get_digits (const VmComparison *self);
/* Whether it was the other side that asked. */
gboolean vm_comparison_was_asked (const VmComparison *self);
/* The user has compared them. FALSE: there are none.
 * *@message: (out) (transfer full) (nullable): what is to be sent. */
gboolean
vm_comparison_answer (VmComparison *self, gboolean same, gchar **message);
/* The result for these certificates; VM_COMPARISON_DIFFERENT stays, on whatever
 * connection, until digits of a later comparison are the same.
 * @fingerprints: (nullable): there is no connection. */
VmComparisonResult vm_comparison_get_result (
    const VmComparison *self, const VmComparisonFingerprints *fingerprints);
