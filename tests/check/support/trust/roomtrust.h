/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/roompeer.h"
#include "trust/store/vmtrustfacts-priv.h"

#include <gst/videomeet/room/rooms-priv.h>

/* The room of roompeer.h, whose host knows of Bob what a test says. */

/* What is known of everybody but this device itself. */
extern VmTrustFacts known;
extern gint64 today; /* Unix seconds */
extern GString *refusals; /* as "Bob:NOT_TRUSTED" */
extern gchar *reason_told; /* to the host's own user, last */

/* The ways in. */
typedef enum
{
  NATIVE, /* join, then hello */
  NATIVE_KEYLESS,
  ROOM, /* the room dialect, from a browser */
  ROOM_KEY, /* one that shows a key by TLS */
} Way;

typedef enum
{
  NOTHING,
  SEEN,
  GIVEN,
  GIVEN_FILE, /* not to meet */
  EXPIRED,
  REVOKED,
  DAMAGED,
  CHANGED,
} Fact;

void room_trust_setup (void);
void room_trust_teardown (void);

void know (Fact fact);
gboolean come (Peer *peer, Way way, VmToken *token, GError **error);
/* How the others see it, as on the wire. */
gchar *seen_as (void);
