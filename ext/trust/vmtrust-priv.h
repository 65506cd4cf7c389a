/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/videomeet.h>
#include <gst/videomeet/node/vmtrustcontext-priv.h>

/* Shared by the files of vmtrust: vmtrust.c (the element: states, context),
 * vmtrust-props.c (properties), vmtrust-request.c (a request of this device),
 * vmtrust-node.c (those to it, and the signals), vmtrust-stream.c (the data of
 * the pads). */

GST_DEBUG_CATEGORY_EXTERN (vm_trust_debug);

#define VM_TYPE_TRUST (vm_trust_get_type ())
G_DECLARE_FINAL_TYPE (VmTrust, vm_trust, VM, TRUST, GstElement)

typedef struct _VmTrustAsker VmTrustAsker;

/* The answer to the request that this element sends. */
#define VM_TRUST_OWN_REQUEST "own"

GST_ELEMENT_REGISTER_DECLARE (vmtrust);

typedef enum
{
  VM_TRUST_MODE_SIGN,
  VM_TRUST_MODE_VERIFY,
} VmTrustMode;

typedef enum
{
  VM_ON_FAILURE_ERROR,
  VM_ON_FAILURE_DROP,
} VmOnFailure;

struct _VmTrust
{
  GstElement parent;

  GstPad *sink, *src;

  /* object lock */
  gchar *folder, *peer, *stream, *request;
  VmPolicy policy;
  VmApprove approve;
  gboolean policy_set, approve_set;
  VmTrustMode mode;
  VmProtection protection;
  VmOnFailure on_failure;
  guint64 refused; /* buffers, since READY */
  VmNode *node; /* between NULL->READY and back, as the next two */
  VmIdentity *identity;
  VmTrustStore *store;
  VmTrustAsker *asker; /* between READY->PAUSED and back; or NULL */
  VmSigner *signer; /* mode=sign, between READY->PAUSED and back */

  gulong handlers[4]; /* of the node; state changes */

  /* Between READY->PAUSED and back; the streaming thread. */
  VmVerifier *verifier; /* mode=verify */
  gchar *peer_id; /* NULL: this device itself */
  gint64 looked; /* µs, monotonic: when the peer was looked up last */
};

/* vmtrust.c; any thread. */
/* Also in NULL. Returns: (transfer full) */
VmTrustStore *vm_trust_ref_store (VmTrust *self);
/* With what was set. Returns: (transfer full) */
GstContext *vm_trust_make_context (VmTrust *self);
/* "FAILED" of another domain. */
void vm_trust_post (VmTrust *self, GstStructure *structure);
void vm_trust_warn (VmTrust *self, const GError *error);

/* vmtrust-props.c */
void vm_trust_install_properties (GObjectClass *klass);

/* vmtrust-node.c */
void vm_trust_install_signals (void);
void vm_trust_connect_node (VmTrust *self);
void vm_trust_disconnect_node (VmTrust *self);
/* For gst-inspect-1.0. */
void vm_trust_describe_signals (GstElementClass *klass);
/* These post a message, and emit the signal of its name. */
/* Returns: whether it is approved at once */
gboolean vm_trust_tell_requested (VmTrust *self, const gchar *request,
    const gchar *device_id, const gchar *name, const gchar *digits);
void vm_trust_tell_established (
    VmTrust *self, const gchar *device_id, const gchar *name);
void vm_trust_tell_failed (VmTrust *self, const gchar *request,
    const gchar *device_id, const gchar *name, const GError *error);
/* Policy and approval, as they were set, for the network that runs. */
gboolean vm_trust_apply (VmTrust *self, GError **error);

/* vmtrust-request.c */
/* FALSE: an error was posted. */
gboolean vm_trust_start_request (VmTrust *self);
/* Waits for its thread, unless it is this one. */
void vm_trust_stop_request (VmTrust *self);
/* FALSE: there is none. Any thread. */
gboolean vm_trust_answer_own (VmTrust *self, gboolean yes);

/* vmtrust-stream.c */
void vm_trust_add_pads (VmTrust *self);
void vm_trust_install_pads (GstElementClass *klass);
/* FALSE: an error was posted. */
gboolean vm_trust_open_stream (VmTrust *self);
void vm_trust_close_stream (VmTrust *self);
