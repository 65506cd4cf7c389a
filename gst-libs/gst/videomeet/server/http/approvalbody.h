/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* The bodies of POST /trust/page and the paths below it (protocol, "Approval in
 * the page"). Sans-I/O. */
typedef struct
{
  gchar *secret;
  gchar *session;
  gchar *request_id;
  gboolean has_approve, approve;
} VmApprovalBody;

/* @body: all zero. */
gboolean vm_approval_body_read (
    VmApprovalBody *body, const gchar *data, gsize size, GError **error);
void vm_approval_body_clear (VmApprovalBody *body);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmApprovalBody, vm_approval_body_clear)
