/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/approver.h"
#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* Where this device is asked for trust (security.md#pairing): the handshake,
 * what the user says to it, and the store, which it watches. The first two are
 * on a thread of their own, "vm-trust", because the store reads and writes
 * files, and another process may hold its lock; the watch is on another,
 * "vm-watch", which that does not keep from seeing a revocation. Unless said
 * otherwise a function enqueues and may be called from any thread. */

typedef struct _VmServer VmServer;
typedef struct _VmTrustDesk VmTrustDesk;

/* What a server needs to know on the way there; beyond, the newest is dropped
 * (of refusals that nobody has heard of yet). */
#define VM_TRUST_NEWS_MAX 64
/* Requests that nobody has looked at yet, while another process holds the
 * store's lock: their bodies take 1 MiB. */
#define VM_TRUST_ASKS_MAX 64

/* Called on "vm-trust", `changed` on "vm-watch"; none may free the desk. */
typedef struct
{
  /* The user is to compare the digits. One at a time: until it is answered, or
   * `failed` names it. */
  void (*requested) (const gchar *request_id, const gchar *device_id,
      const gchar *name, const gchar *digits, gpointer user_data);
  void (*established) (
      const gchar *device_id, const gchar *name, gpointer user_data);
  /* A request, or an attempt to join, which has no @request_id. @device_id
   * NULL: it showed no key. */
  void (*failed) (const gchar *request_id, const gchar *device_id,
      const gchar *name, const GError *reason, gpointer user_data);
  /* The store has changed, through whoever: what is said of that device, or of
   * any (NULL). */
  void (*changed) (const gchar *device_id, gpointer user_data);
  /* What was `requested` is answered, whoever has said it: here or in the page
   * (approvalpage.h), or `approve` for the user. May be NULL. */
  void (*answered) (
      const gchar *request_id, gboolean approved, gpointer user_data);
} VmTrustDeskFuncs;

/* Reads nothing yet. */
VmTrustDesk *vm_trust_desk_new (VmIdentity *identity, VmTrustStore *store,
    const VmTrustDeskFuncs *funcs, gpointer user_data);
VmTrustDesk *vm_trust_desk_ref (VmTrustDesk *desk);
void vm_trust_desk_unref (VmTrustDesk *desk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTrustDesk, vm_trust_desk_unref)
/* Once, before the last reference goes, and after the server has stopped:
 * nothing more is called. Blocks until the thread has ended. */
void vm_trust_desk_close (VmTrustDesk *desk);

/* What the other user reads who asks; a name. */
void vm_trust_desk_set_name (VmTrustDesk *desk, const gchar *name);
/* VM_APPROVE_ASK at first. A request before the user is treated accordingly. */
void vm_trust_desk_set_approve (VmTrustDesk *desk, VmApprove approve);
/* What whoever is approved may do; VM_POLICY_PERMISSIONS at first. */
void
vm_trust_desk_set_permissions (VmTrustDesk *desk, VmPermissions permissions);
/* What the user says to the request that was `requested`; of another, or one
 * that is over, nothing comes. */
void vm_trust_desk_answer (
    VmTrustDesk *desk, const gchar *request_id, gboolean approve);

/* For tests: all that waits is older by @time. */
void vm_trust_desk_pass_time (VmTrustDesk *desk, gint64 time);

/* The rest is for the server. */

/* From now on @server is told what the store knows, beginning before this
 * returns: it blocks, @time (µs) at most, then FALSE; as well when the store
 * cannot be read for want of descriptors or memory. */
gboolean
vm_trust_desk_attach (VmTrustDesk *desk, VmServer *server, gint64 time);
void vm_trust_desk_detach (VmTrustDesk *desk);

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
gboolean
vm_trust_desk_ask (VmTrustDesk *desk, guint64 serial, VmTrustAskKind kind,
    GTlsCertificate *certificate, const gchar *group, GBytes *data);
/* Nobody waits for that answer any more. */
void vm_trust_desk_forget (VmTrustDesk *desk, guint64 serial);
/* Somebody came for the first time: remembers it, if it may be. At most
 * VM_TRUST_NEWS_MAX on their way. From the server's thread. Returns: its number
 * among the guests (see vm_server_take_known()), or 0: it is not remembered. */
guint64 vm_trust_desk_remember_guest (VmTrustDesk *desk, const gchar *user,
    const gchar *device, GTlsCertificate *certificate);
/* Somebody was not let in; see VmTrustDeskFuncs. */
void vm_trust_desk_tell_failed (VmTrustDesk *desk, const gchar *device_id,
    const gchar *name, const GError *reason);

G_END_DECLS
