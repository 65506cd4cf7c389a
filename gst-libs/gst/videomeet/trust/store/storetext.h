/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/token.h"
#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* The text of the files of the trust store. Pure; any thread.
 *
 *   devices/ID.pem  lines "user: …", "device: …", "first-seen: ISO 8601",
 *                   "sum: SHA-256" of these, then the device's certificate,
 *                   PEM
 *   tokens/ID.pem   the token that this device gave to that one, the one it was
 *                   given by it, or both, PEM
 *   revoked         a line "ID ISO8601" for each, and a last line "end SHA-256"
 *                   with the sum of the others: a file that was cut or altered
 *                   is told by that
 *   servers         a line "ID ISO8601 HOST:PORT" for each, by first sight, and
 *                   the same last line
 */

#define VM_DEVICE_FILE_MAX 16384 /* bytes; a P-256 certificate takes 1 KiB */
#define VM_TOKENS_FILE_MAX (2 * VM_TOKEN_PEM_MAX)
#define VM_SERVER_ADDRESS_MAX 300 /* bytes; a host name has at most 253 */
#define VM_SERVERS_FILE_MAX (VM_TRUST_STORE_SERVERS_MAX * 512)
#define VM_REVOKED_FILE_MAX (1024 * 1024) /* bytes; a line has 86 */

/* NULL unless @text describes @device_id: its key hashes to that id, and its
 * names are valid. @certificate_pem and @spki: (out) (optional); @spki is NULL
 * for a key that is not P-256. */
VmKnownDevice *vm_known_device_from_text (const gchar *text,
    const gchar *device_id, gchar **certificate_pem, GBytes **spki);
/* Returns: (transfer full) */
gchar *vm_known_device_to_text (
    const VmKnownDevice *device, const gchar *certificate_pem);

/* Reads the certificate in PEM that begins at *@text, and moves *@text past it;
 * FALSE when there is none or it exceeds @max bytes. */
gboolean vm_pem_next (const gchar **text, gsize max, gchar **pem);

/* FALSE when something in @text is not a token between @own_id and @device_id.
 * Signatures are not checked. @given, @held: (out): NULL if there is none */
gboolean vm_tokens_from_text (const gchar *text, const gchar *own_id,
    const gchar *device_id, VmToken **given, VmToken **held);
gchar *vm_tokens_to_text (VmToken *given, VmToken *held);

/* Adds ids and dates (strings) to @revoked; FALSE when the list is incomplete,
 * or longer than VM_TRUST_STORE_REVOKED_MAX: then @revoked holds the part that
 * was read. */
gboolean vm_revoked_from_text (const gchar *text, GHashTable *revoked);
gchar *vm_revoked_to_text (GHashTable *revoked);

/* For the two above: id -> date. */
GHashTable *vm_revoked_new (void);

/* Adds to @servers, (element-type VmKnownDevice). FALSE when the list is
 * incomplete, or longer than VM_TRUST_STORE_SERVERS_MAX. */
gboolean vm_servers_from_text (const gchar *text, GPtrArray *servers);
gchar *vm_servers_to_text (GPtrArray *servers);
/* "HOST:PORT", of which a line can be made. */
gboolean vm_server_address_is_valid (const gchar *address);

/* "device-id DATE": one line of the list. */
gboolean vm_revoked_line (GHashTable *revoked, const gchar *line, gsize size);

G_END_DECLS
