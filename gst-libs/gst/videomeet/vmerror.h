/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VM_ERROR:
 *
 * Error domain of the library; its codes are #VmError.
 *
 * Since: 0.1
 */
#define VM_ERROR (vm_error_quark ())

/**
 * VmError:
 * @VM_ERROR_FAILED: something else failed; the message says what
 * @VM_ERROR_BAD_MESSAGE: a message that cannot be read or is out of place
 * @VM_ERROR_BAD_REQUEST: an HTTP request that cannot be read
 * @VM_ERROR_NOT_FOUND: no such path on this server
 * @VM_ERROR_MEETING_NOT_FOUND: no meeting of that name here
 * @VM_ERROR_MEETING_FULL: every seat is taken
 * @VM_ERROR_MEETING_LOCKED: the host admits nobody else
 * @VM_ERROR_MEETING_ENDED: the meeting is over
 * @VM_ERROR_NOT_TRUSTED: the policy wants a trusted device
 * @VM_ERROR_WRONG_PIN: the PIN does not open the meeting
 * @VM_ERROR_BAD_TICKET: the ticket is used, unknown, or older than 30 s
 * @VM_ERROR_RATE_LIMITED: too many requests or messages
 * @VM_ERROR_TOO_LARGE: beyond a named size limit
 * @VM_ERROR_UNROUTABLE: the receiver is not in the sender's room
 * @VM_ERROR_WRONG_HOST: the Host header names no address of this machine
 * @VM_ERROR_WRONG_ORIGIN: a page of another origin asked
 * @VM_ERROR_WRONG_KEY: the TLS key is not the one that was announced, or
 *   does not hash to the device id
 * @VM_ERROR_FINGERPRINT: DTLS presented another certificate than the SDP says
 * @VM_ERROR_CODEC: the peer has no codec in common for a stream
 * @VM_ERROR_TIMEOUT: no answer within the deadline
 * @VM_ERROR_PORT_IN_USE: the port asked for is taken
 * @VM_ERROR_NO_NETWORK: no interface to speak on
 * @VM_ERROR_DISCONNECTED: the other side went away
 * @VM_ERROR_KICKED: the host removed this participant
 * @VM_ERROR_IDENTITY: the identity on disk cannot be read, or is not a P-256
 *   key with its certificate
 * @VM_ERROR_KEY_CHANGED: a known device shows another key than before
 * @VM_ERROR_RESUME_FAILED: the seat was lost with its connection: too late, or
 *   more messages were missed than are kept
 * @VM_ERROR_SIGNATURE: signed or authenticated data was changed, has another
 *   sender than it claims, has another purpose, is too old, or is a repeat
 * @VM_ERROR_DECLINED: the other side does not want it
 * @VM_ERROR_CANCELLED: either side has ended it before it was done
 * @VM_ERROR_CAP_REQUIRED: no capability was shown, or none for this
 * @VM_ERROR_CAP_EXPIRED: the capability has expired
 * @VM_ERROR_CAP_INVALID: the capability is not genuine, or is for another user,
 *   room or purpose
 * @VM_ERROR_P2P_SESSION_DENIED: the two devices cannot have that session
 * @VM_ERROR_USER_TAKEN: somebody else is registered under that user id
 * @VM_ERROR_HOST_UNKNOWN: the host's key is not known, and its user has not
 * said that it is the right one: it is told neither the meeting's name nor the
 * PIN
 *
 * What can go wrong, on the wire as its name without the prefix
 * (`MEETING_FULL`), see vm_error_to_code().
 *
 * Since: 0.1
 */
typedef enum
{
  VM_ERROR_FAILED,
  VM_ERROR_BAD_MESSAGE,
  VM_ERROR_BAD_REQUEST,
  VM_ERROR_NOT_FOUND,
  VM_ERROR_MEETING_NOT_FOUND,
  VM_ERROR_MEETING_FULL,
  VM_ERROR_MEETING_LOCKED,
  VM_ERROR_MEETING_ENDED,
  VM_ERROR_NOT_TRUSTED,
  VM_ERROR_WRONG_PIN,
  VM_ERROR_BAD_TICKET,
  VM_ERROR_RATE_LIMITED,
  VM_ERROR_TOO_LARGE,
  VM_ERROR_UNROUTABLE,
  VM_ERROR_WRONG_HOST,
  VM_ERROR_WRONG_ORIGIN,
  VM_ERROR_WRONG_KEY,
  VM_ERROR_FINGERPRINT,
  VM_ERROR_CODEC,
  VM_ERROR_TIMEOUT,
  VM_ERROR_PORT_IN_USE,
  VM_ERROR_NO_NETWORK,
  VM_ERROR_DISCONNECTED,
  VM_ERROR_KICKED,
  VM_ERROR_IDENTITY,
  VM_ERROR_KEY_CHANGED,
  VM_ERROR_RESUME_FAILED,
  VM_ERROR_SIGNATURE,
  VM_ERROR_DECLINED,
  VM_ERROR_CANCELLED,
  VM_ERROR_CAP_REQUIRED,
  VM_ERROR_CAP_EXPIRED,
  VM_ERROR_CAP_INVALID,
  VM_ERROR_P2P_SESSION_DENIED,
  VM_ERROR_USER_TAKEN,
  VM_ERROR_HOST_UNKNOWN,
} VmError;

VM_API GQuark vm_error_quark (void);
VM_API const gchar *vm_error_to_code (VmError error);
VM_API const gchar *vm_error_get_code (const GError *error);
VM_API gboolean vm_error_from_code (const gchar *code, VmError *error);

G_END_DECLS
