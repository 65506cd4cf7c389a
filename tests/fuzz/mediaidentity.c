/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzkeys.h"
#include <gst/videomeet/trust/media/mediaidentity.h>

#include <string.h>

#define SDP                                                   \
  "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 97\r\n"                 \
  "a=fingerprint:sha-256 "                                    \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:"          \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=ice-" \
  "ufrag:abcd\r\n"

/* `identity` as it comes; what reads is never an offer of a device whose key
 * the input does not have, nor, be it of the key in it, of this call. */
void
fuzz_one (const guint8 *data, gsize size)
{
  static const guint8 nonce[VM_MEDIA_NONCE_SIZE];
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (VmMediaIdentity) identity = { NULL };
  g_autofree gchar *id = NULL;
  g_autoptr (GError) error = NULL;
  VmMediaBinding binding = { .role = VM_MEDIA_OFFER,
    .meeting_id = "meeting",
    .from = { vm_identity_get_device_id (fuzz_identity (0)), "p001", nonce },
    .to = { vm_identity_get_device_id (fuzz_identity (1)), "p002", nonce },
    .session = "session",
    .generation = 1,
    .sdp = SDP };

  if (!vm_media_identity_parse (&identity, text, &error)) {
    g_assert_nonnull (error);
    return;
  }
  g_assert_cmpuint (strlen (text), ==, VM_MEDIA_IDENTITY_LENGTH);
  g_assert_cmpuint (g_bytes_get_size (identity.ek), ==, VM_SPKI_SIZE);
  g_assert_cmpint (identity.expires, >=, 0);
  g_assert_false (
      vm_media_identity_verify (&identity, &binding, identity.expires, NULL));
  id = vm_spki_to_device_id (identity.spki);
  binding.from.device_id = id;
  g_assert_false (vm_media_identity_verify (
      &identity, &binding, MIN (identity.expires, G_MAXINT32), &error));
  g_assert_null (identity.fingerprint);
  g_assert_nonnull (error);
}
