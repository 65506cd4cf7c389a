/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

/* The head of a request: its request line and its fields (RFC 9112). Each byte
 * has one meaning or the head is bad: lines end in CRLF, no field goes on in
 * another line, no blank is before a colon, there are no control characters,
 * and a field that is read as one value comes once. libsoup, which bears more,
 * reads what has passed. Sans-I/O. */

typedef enum
{
  VM_REQUEST_HEAD_MORE, /* it has not ended */
  VM_REQUEST_HEAD_WHOLE,
  VM_REQUEST_HEAD_BAD,
  VM_REQUEST_HEAD_TOO_LARGE, /* beyond VM_HTTP_HEADER_MAX */
} VmRequestHeadState;

typedef struct
{
  gsize scanned; /* bytes of it that were read */
  gsize line; /* where the line that has not ended begins */
  guint lines; /* that have ended */

  /* once it is whole */
  gchar *method, *target;
  SoupHTTPVersion version;
  SoupMessageHeaders *fields;
} VmRequestHead;

/* Reads on; @data has all of the head that came so far, and may have more. Once
 * it is whole, @scanned is its size. */
VmRequestHeadState
vm_request_head_read (VmRequestHead *head, const gchar *data, gsize size);
void vm_request_head_clear (VmRequestHead *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmRequestHead, vm_request_head_clear)

/* The following are for a whole head. */

gboolean vm_request_head_is (const VmRequestHead *head, const gchar *method);
/* Without the query, decoded. Returns: (transfer full) */
gchar *vm_request_head_get_path (const VmRequestHead *head);
gboolean vm_request_head_has_query (const VmRequestHead *head);
/* Of the query, decoded; NULL: it has none of that name. Returns: (transfer
 * full) */
gchar *
vm_request_head_get_argument (const VmRequestHead *head, const gchar *name);
/* The value, of several fields joined by commas; NULL: there is none. Returns:
 * (transfer full) */
gchar *vm_request_head_get (const VmRequestHead *head, const gchar *name);
gboolean vm_request_head_has (const VmRequestHead *head, const gchar *name);
/* Whether one of the comma-separated items of the field is @token. */
gboolean vm_request_head_lists (
    const VmRequestHead *head, const gchar *name, const gchar *token);
/* Whether the connection goes on after the answer (RFC 9112 §9.3). */
gboolean vm_request_head_keeps_alive (const VmRequestHead *head);
