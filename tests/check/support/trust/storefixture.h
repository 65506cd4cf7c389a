/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/trust/store/vmtruststore-priv.h>

/* A store of its own, with an identity in it, and three devices elsewhere. */

#define FIXTURE_NOW G_GINT64_CONSTANT (1800000000)
#define FIXTURE_DAY (24 * 3600)

typedef struct
{
  gchar *folder; /* of the store; others' identities lie in folders beside it */
  gchar *parent;
  VmTrustStore *store;
  GDateTime *now;
  VmIdentity *me, *ann, *bob, *eve;
} Fixture;

extern Fixture f;

void fixture_setup (void);
void fixture_teardown (void);

VmToken *fixture_token (
    VmIdentity *issuer, VmIdentity *subject, VmPermissions permissions);

/* Adds @who with a token for it, and one it gave. */
gboolean fixture_trust (VmIdentity *who, const gchar *user, const gchar *device,
    VmPermissions given, GError **error);
void fixture_pin (VmIdentity *who, const gchar *user, const gchar *device);

/* Today's facts of @who. */
VmTrustFacts *fixture_know (VmIdentity *who);

/* A file of the store: @sub NULL for those at its top. */
gchar *fixture_path (const gchar *sub, VmIdentity *who);
