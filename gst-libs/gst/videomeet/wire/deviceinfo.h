/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>

/* A device's description of itself, and its three formats: the TXT record of
 * protocol/discovery.md#txt (mDNS), the datagram of protocol/discovery.md#udp
 * (UDP), and the body of GET /status (protocol/http.md#requests). Sans-I/O:
 * bytes in, bytes out.
 *
 * Limits, each with its name: */
/* bytes of user, device, meeting; security.md#limits */
#define VM_DEVICE_TEXT_MAX 128
/* bytes of an mDNS instance; protocol/discovery.md#mdns */
#define VM_INSTANCE_MAX 58
/* bytes of a UDP datagram; protocol/discovery.md#udp */
#define VM_DATAGRAM_MAX 1200
#define VM_STATUS_MAX 65536 /* bytes of a /status body accepted */

typedef struct
{
  gchar *user; /* "John Doe" */
  gchar *device; /* TXT value, "macbook-pro-123" */
  gchar *device_name; /* label, "MacBook Pro" */
  gchar *device_id; /* see vm_identity_get_device_id(); NULL under minimal */
  gchar *key_hash; /* base64url SHA-256 of the SPKI; NULL under minimal */
  gchar *version; /* "2.0" */
  gchar *status; /* "available" | "busy" | "away" */
  gchar **capabilities; /* "video","audio","share" */
  guint participants; /* in the meeting, this device included; 0 without one */
  guint max_participants;
  gboolean secure; /* the port speaks TLS */
  gchar *meeting; /* name, "private" under minimal, NULL without one */
  gchar *meeting_id; /* uuid or NULL */
  gchar *meeting_state; /* vm_meeting_state_to_string() or NULL; /status only */
  guint epoch; /* of the meeting; from 1 */
  guint16 port; /* SRV port, or the datagram's "port" */
} VmDeviceInfo;

VmDeviceInfo *vm_device_info_new (void);
VmDeviceInfo *vm_device_info_copy (const VmDeviceInfo *info);
void vm_device_info_free (VmDeviceInfo *info);
gboolean vm_device_info_equal (const VmDeviceInfo *a, const VmDeviceInfo *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmDeviceInfo, vm_device_info_free)

/* A copy of @info without the fields that @announce hides; @salt makes the
 * random device name stable per network. */
VmDeviceInfo *vm_device_info_redact (
    const VmDeviceInfo *info, VmAnnounce announce, const gchar *salt);

/* "{UserName}'s {DeviceName}", cut on a UTF-8 boundary. */
gchar *vm_device_info_instance (const VmDeviceInfo *info);

/* TXT strings "key=value" in the order of protocol/discovery.md#txt. */
gchar **vm_device_info_to_txt (const VmDeviceInfo *info);
VmDeviceInfo *vm_device_info_from_txt (const gchar *const *txt, GError **error);

/* Datagrams; @type is "announce", "query" or "bye". */
GBytes *vm_device_info_to_datagram (
    const VmDeviceInfo *info, const gchar *type, GError **error);
VmDeviceInfo *vm_device_info_from_datagram (
    const guint8 *data, gsize size, gchar **type, GError **error);

/* The body of GET /status. */
GBytes *vm_device_info_to_status (const VmDeviceInfo *info);
/* Its members alone, into an object that is open. */
void vm_device_info_append_status (GString *out, const VmDeviceInfo *info);
VmDeviceInfo *
vm_device_info_from_status (const gchar *data, gsize size, GError **error);
