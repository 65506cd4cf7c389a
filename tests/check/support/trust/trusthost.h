/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/net/netclient.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/server/pairing/pairingservice.h>
#include <gst/videomeet/trust/pairing/requester.h>
#include <gst/videomeet/trust/pairing/trustbody.h>

/* A server over TLS that is asked for trust: that of the store fixture's `me`,
 * with its store. */

extern VmServer *server;
extern VmPairingService *pairing;
extern gchar *asked; /* the request that was heard of last, and its digits */
extern gchar *digits;

/* A checked fixture. */
void host_setup (void);
void host_teardown (void);
/* The same again, in another way. */
void host_reopen (VmServerConfig config, const VmServerTimes *times);
/* The store fixture, and somebody who hears; without a server. */
void host_open_ears (void);
void host_close_ears (void);
/* What is heard, and who asks; any thread. */
void host_hear (const gchar *format, ...) G_GNUC_PRINTF (1, 2);
void host_take_request (const gchar *request_id, const gchar *six);
/* How this user says yes; the pairing service's way by host_setup(). */
extern void (*host_approve) (const gchar *request_id);
/* The next word from the pairing service, as "requested:Bob",
 * "established:Bob", "failed:Bob:TIMEOUT", "answered:yes"; waits for it.
 * "changed" is dropped, and an answer that is not asked for. */
void host_heard (const gchar *word);
/* The same, or "changed"; others are dropped. */
void host_waits_for (const gchar *word);
/* From the next refusal on the pairing service does nothing, until it is no
 * longer kept.
 */
void host_keep_busy (gboolean keep);

/* One request of @who (NULL: no certificate); @body NULL: a GET. */
NetAnswer *trust_ask (VmIdentity *who, const gchar *path, const gchar *body);
/* That its answer is a refusal of that kind. */
void trust_refused (
    VmIdentity *who, const gchar *path, const gchar *body, VmError code);
/* Bodies of @who; @nonce fills the nonce. Returns: (transfer full) */
gchar *trust_request_body (VmIdentity *who, guint8 nonce);
gchar *trust_reveal_body (const gchar *id, guint8 nonce);
/* POST /trust/request, which must be taken; the id. */
gchar *trust_request (VmIdentity *who, guint8 nonce);
/* As well POST /trust/reveal; the user is asked. */
gchar *trust_reveal (VmIdentity *who, guint8 nonce);
/* A connection on which GET /trust/request/@id waits for its answer. */
GIOStream *trust_poll (VmIdentity *who, const gchar *id);
/* Its answer. */
NetAnswer *trust_polled (GIOStream *stream);

/* One request of the requester's and its answer; at first two, until the digits
 * are there. A poll is held until the user has said yes. */
void trust_drive (VmIdentity *who, VmRequester *requester);
/* The whole of it: @who asks, the user says yes, it gets its token. */
VmToken *trust_agree (VmIdentity *who, const gchar *name);
