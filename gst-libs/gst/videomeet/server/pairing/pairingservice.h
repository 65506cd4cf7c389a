/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/approver.h"
#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* Handles trust requests to this device (security.md#pairing): the handshake,
 * the user's answers, and a watch on the store. The first two run on the thread
 * "vm-trust", because the store uses files and another process may hold its
 * lock; the watch runs on "vm-watch", so that such a lock does not delay a
 * revocation. Unless said otherwise a function enqueues and may be called from
 * any thread. */

typedef struct _VmServer VmServer;
typedef struct _VmPairingService VmPairingService;

/* Unhandled news from the server (refused joins, new guests); beyond, the
 * newest is dropped. */
#define VM_TRUST_NEWS_MAX 64
/* Unhandled requests, while another process holds the store's lock: their
 * bodies take 1 MiB. */
#define VM_TRUST_ASKS_MAX 64

/* Called on "vm-trust", `changed` on "vm-watch"; none may free the pairing
 * service. */
typedef struct
{
  /* The user must compare the digits. One request at a time, until it is
   * answered, or `failed` names it. */
  void (*requested) (const gchar *request_id, const gchar *device_id,
      const gchar *name, const gchar *digits, gpointer user_data);
  void (*established) (
      const gchar *device_id, const gchar *name, gpointer user_data);
  /* A request, or an attempt to join, which has no @request_id. @device_id
   * NULL: it showed no key. */
  void (*failed) (const gchar *request_id, const gchar *device_id,
      const gchar *name, const GError *reason, gpointer user_data);
  /* The store's facts about that device, or any (NULL), were changed, perhaps
   * by another process. */
  void (*changed) (const gchar *device_id, gpointer user_data);
  /* A `requested` one is answered: here, in the page (approvalpage.h), or
   * automatically by `approve`. May be NULL. */
  void (*answered) (
      const gchar *request_id, gboolean approved, gpointer user_data);
} VmPairingServiceFuncs;

/* Reads nothing yet. */
VmPairingService *
vm_pairing_service_new (VmIdentity *identity, VmTrustStore *store,
    const VmPairingServiceFuncs *funcs, gpointer user_data);
VmPairingService *vm_pairing_service_ref (VmPairingService *pairing);
void vm_pairing_service_unref (VmPairingService *pairing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmPairingService, vm_pairing_service_unref)
/* Call it once, before the last reference is dropped, and after the server has
 * stopped: no callback follows. Blocks until the thread has ended. */
void vm_pairing_service_close (VmPairingService *pairing);

/* This device's name for the requester's user. */
void vm_pairing_service_set_name (VmPairingService *pairing, const gchar *name);
/* VM_APPROVE_ASK at first. Applies to the prompted request, too. */
void
vm_pairing_service_set_approve (VmPairingService *pairing, VmApprove approve);
/* The permissions of approved devices; VM_POLICY_PERMISSIONS at first. */
void vm_pairing_service_set_permissions (
    VmPairingService *pairing, VmPermissions permissions);
/* The user's answer to the `requested` one; ignores any other, or one that is
 * over. */
void vm_pairing_service_answer (
    VmPairingService *pairing, const gchar *request_id, gboolean approve);

/* For tests: makes all waiting requests older by @time. */
void vm_pairing_service_pass_time (VmPairingService *pairing, gint64 time);

/* The rest is for the server. */

/* Passes the store's facts to @server from now on, for the first time before it
 * returns: it blocks for @time (µs) at most, then FALSE; also when the store
 * cannot be read for lack of descriptors or memory. */
gboolean vm_pairing_service_attach (
    VmPairingService *pairing, VmServer *server, gint64 time);
void vm_pairing_service_detach (VmPairingService *pairing);

typedef enum
{
  VM_TRUST_ASK_REQUEST, /* POST /trust/request */
  VM_TRUST_ASK_REVEAL, /* POST /trust/reveal */
  VM_TRUST_ASK_POLL, /* GET /trust/request/{id}: @data is the id */
  VM_TRUST_ASK_PROOF, /* POST /trust/proof */
} VmTrustAskKind;

/* One of the requests; vm_server_answer_trust() gets its answer. A poll may be
 * held for VM_TRUST_POLL_TIME, one for each request at most: a later one ends
 * it, so that VM_TRUST_PENDING_MAX are held in all. @group: see
 * vm_address_group(). FALSE: VM_TRUST_ASKS_MAX wait already. */
gboolean vm_pairing_service_ask (VmPairingService *pairing, guint64 serial,
    VmTrustAskKind kind, GTlsCertificate *certificate, const gchar *group,
    GBytes *data);
/* Drops the answer to that request. */
void vm_pairing_service_forget (VmPairingService *pairing, guint64 serial);
/* Remembers a first-time guest, if allowed. At most VM_TRUST_NEWS_MAX wait.
 * From the server's thread. Returns: its number among the guests (see
 * vm_server_take_known()), or 0: it is not remembered. */
guint64 vm_pairing_service_remember_guest (VmPairingService *pairing,
    const gchar *user, const gchar *device, GTlsCertificate *certificate);
/* Reports a refused join; see VmPairingServiceFuncs. */
void vm_pairing_service_tell_failed (VmPairingService *pairing,
    const gchar *device_id, const gchar *name, const GError *reason);

G_END_DECLS
