/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/trust/trustkeys.h"

#include <gst/videomeet/trust/pairing/approver-priv.h>
#include <gst/videomeet/trust/pairing/requester.h>
#include <gst/videomeet/trust/pairing/trustbody.h>

/* The two sides of a handshake with a clock of their own, and somebody between
 * them who can read and change everything. */

#define PAIR_START (1000 * G_USEC_PER_SEC)
#define PAIR_DATE G_GINT64_CONSTANT (1800000000) /* Unix time */
#define PAIR_PERMISSIONS (VM_PERMISSIONS_CALL | VM_PERMISSIONS_FILE)

typedef struct
{
  gint64 now;
  VmApprover *approver; /* ann's */
  VmRequester *requester; /* bob's */
  GString *heard; /* what the approver told, as "prompt:Bob ready" */
  gchar *prompted; /* the request that is before ann, and what she sees */
  gchar *digits;
  VmToken *given; /* that ann's device remembers */
  gboolean disk_full;
  const gchar *address;
  gboolean known;
  /* What each side's TLS shows of the other. */
  GBytes *seen_by_ann;
  GBytes *seen_by_bob;
  /* Between the two; NULL: nobody. */
  void (*on_call) (VmTrustCall *call);
  void (*on_answer) (VmTrustAnswer *answer);
} Pair;

extern Pair pair;

/* A checked fixture; needs that of trustkeys.h before it. */
void pair_setup (void);
void pair_teardown (void);

/* Bob begins (anew). */
void pair_begin (void);
/* One request and its answer; FALSE when Bob has none to make. */
gboolean pair_step (void);
/* So many, which there must be. */
void pair_steps (guint n);
/* All the way to the state, which must be reached. */
void pair_reach (VmRequesterState state);
void pair_approve (void);
/* What was heard since the last time. */
void pair_heard (const gchar *expected);
/* Why Bob has failed. */
void pair_failed (VmError code);

/* The key of a device. */
#define KEY(who) (vm_identity_get_spki (who))
/* A request of a device by itself, and of the answer the status. */
guint pair_ask (
    GBytes *key, const gchar *path, const gchar *body, VmTrustAnswer *answer);
/* The same by POST /trust/request with a name; the id, or NULL with the status
 * that refused it. The nonce that it commits to is all @nonce. */
gchar *
pair_request (GBytes *key, const gchar *name, guint8 nonce, guint *status);
guint pair_reveal (GBytes *key, const gchar *id, guint8 nonce);
VmApproverRequest *pair_find (const gchar *id);

/* Puts @value in the place of a string member. */
void pair_swap (gchar **body, const gchar *key, const gchar *value);
