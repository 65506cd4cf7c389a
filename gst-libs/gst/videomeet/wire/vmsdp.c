/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * SECTION:vmsdp
 * @title: VmSdp
 * @short_description: what an SDP says of its sender's certificate
 *
 * A description is signed by its device (`security.md#media-and-messages`), and
 * the signature covers two things in it: the fingerprint of the DTLS
 * certificate and the ICE user name. vm_sdp_get_fingerprint() and
 * vm_sdp_get_ice_ufrag() read them out of text that came from the network. They
 * are strict where WebRTC is liberal: one fingerprint, SHA-256, the same
 * everywhere, so that "the fingerprint of this description" has one meaning.
 *
 * Programs that sign nothing write more than that: vm_sdp_list_fingerprints()
 * reads what RFC 8122 allows.
 *
 * All are pure and may be called from any thread.
 */

#include "wire/vmsdp.h"
#include <gst/videomeet/vmerror.h>

#include <openssl/evp.h>
#include <string.h>

#define SDP_MAX 65536 /* bytes; security.md#limits */
#define SHA256_SIZE 32
#define FINGERPRINT_LENGTH (SHA256_SIZE * 3 - 1) /* "AA:BB:…" */
#define FINGERPRINTS_MAX 16 /* a=fingerprint lines of one section */
#define UFRAG_MIN 4 /* characters; RFC 8839 §5.4 */
#define UFRAG_MAX 256

/* Called for each line, without its end. @section is 0 for the session and
 * counts the m-lines from 1. */
typedef gboolean (*LineFunc) (const gchar *line, gsize length, guint section,
    gpointer user_data, GError **error);

static gboolean
    G_GNUC_PRINTF (2, 3) bad_sdp (GError **error, const gchar *format, ...)
{
  g_autofree gchar *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The session description is not usable: %s", what);
  return FALSE;
}

/* GStreamer's parser ends a line at CR as well as at LF; so does this one, or
 * the two could read different lines in one text. */
static gboolean
for_each_line (const gchar *sdp, LineFunc func, gpointer user_data,
    guint *n_media, GError **error)
{
  gsize size = strnlen (sdp, SDP_MAX + 1);
  const gchar *line = sdp;
  guint section = 0;

  if (size > SDP_MAX)
    return bad_sdp (error, "longer than %d bytes", SDP_MAX);
  if (!g_str_has_prefix (sdp, "v=0\r") && !g_str_has_prefix (sdp, "v=0\n"))
    return bad_sdp (error, "it does not begin with v=0");

  while (*line) {
    gsize length = strcspn (line, "\r\n");

    if (length > 1 && line[0] == 'm' && line[1] == '=')
      section++;
    if (length && !func (line, length, section, user_data, error))
      return FALSE;
    line += length;
    line += strspn (line, "\r\n");
  }
  if (section == 0)
    return bad_sdp (error, "it has no media");
  *n_media = section;
  return TRUE;
}

/* The value of "a=@name:", or NULL when @line is another. */
static const gchar *
attribute_value (
    const gchar *line, gsize length, const gchar *name, gsize *value_length)
{
  gsize n = strlen (name);

  if (length < n + 3 || strncmp (line, "a=", 2) != 0
      || strncmp (line + 2, name, n) != 0 || line[n + 2] != ':')
    return NULL;
  *value_length = length - n - 3;
  return line + n + 3;
}

typedef struct
{
  gchar *value;
  guint section; /* being read */
  gboolean in_session; /* the attribute stands above all m-lines */
  gboolean in_section;
  gboolean needed; /* the section takes part: port not 0, or bundle-only */
  gboolean want_all; /* every m-line must be covered */
} Collector;

static gboolean
end_of_section (Collector *c, const gchar *name, GError **error)
{
  if (c->section == 0)
    c->in_session = c->in_section;
  else if (c->want_all && c->needed && !c->in_section && !c->in_session)
    return bad_sdp (error, "media %u has no a=%s", c->section, name);
  return TRUE;
}

static gboolean
begin_line (Collector *c, const gchar *line, gsize length, guint section,
    const gchar *name, GError **error)
{
  if (section != c->section) {
    g_auto (GStrv) fields = NULL;
    g_autofree gchar *text = g_strndup (line, length);

    if (!end_of_section (c, name, error))
      return FALSE;
    fields = g_strsplit (text, " ", 3);
    c->section = section;
    c->in_section = FALSE;
    c->needed = !(fields[0] && fields[1]
                  && (strcmp (fields[1], "0") == 0
                      || g_str_has_prefix (fields[1], "0/")));
  }
  if (length == strlen ("a=bundle-only")
      && strncmp (line, "a=bundle-only", length) == 0)
    c->needed = TRUE;
  return TRUE;
}

static gboolean
take_value (Collector *c, gchar *value, const gchar *name, GError **error)
{
  g_autofree gchar *owned = value;

  if (c->in_section)
    return bad_sdp (error, "more than one a=%s in one section", name);
  if (c->value && strcmp (c->value, owned) != 0)
    return bad_sdp (error, "its sections differ in a=%s", name);
  c->in_section = TRUE;
  if (!c->value)
    c->value = g_steal_pointer (&owned);
  return TRUE;
}

static gboolean
fingerprint_line (const gchar *line, gsize length, guint section,
    gpointer user_data, GError **error)
{
  static const gchar algorithm[] = "sha-256 ";
  Collector *c = user_data;
  gsize n = 0;
  const gchar *value;
  gchar *upper;

  if (!begin_line (c, line, length, section, "fingerprint", error))
    return FALSE;
  value = attribute_value (line, length, "fingerprint", &n);
  if (!value)
    return TRUE;
  if (n < strlen (algorithm)
      || g_ascii_strncasecmp (value, algorithm, strlen (algorithm)) != 0)
    return bad_sdp (error, "an a=fingerprint that is not sha-256");
  value += strlen (algorithm);
  n -= strlen (algorithm);
  if (n != FINGERPRINT_LENGTH)
    return bad_sdp (error, "an a=fingerprint that is not 32 bytes");
  for (gsize i = 0; i < n; i++) {
    if (i % 3 == 2 ? value[i] != ':' : !g_ascii_isxdigit (value[i]))
      return bad_sdp (error, "an a=fingerprint that is not hexadecimal");
  }
  upper = g_ascii_strup (value, n);
  return take_value (c, upper, "fingerprint", error);
}

/* RFC 8839 §5.4: ice-char = ALPHA / DIGIT / "+" / "/" */
static gboolean
ufrag_line (const gchar *line, gsize length, guint section, gpointer user_data,
    GError **error)
{
  Collector *c = user_data;
  gsize n = 0;
  const gchar *value;

  if (!begin_line (c, line, length, section, "ice-ufrag", error))
    return FALSE;
  value = attribute_value (line, length, "ice-ufrag", &n);
  if (!value)
    return TRUE;
  if (n < UFRAG_MIN || n > UFRAG_MAX)
    return bad_sdp (
        error, "an a=ice-ufrag of %" G_GSIZE_FORMAT " characters", n);
  for (gsize i = 0; i < n; i++) {
    if (!g_ascii_isalnum (value[i]) && value[i] != '+' && value[i] != '/')
      return bad_sdp (error, "an a=ice-ufrag with a strange character");
  }
  return take_value (c, g_strndup (value, n), "ice-ufrag", error);
}

static gboolean
collect (const gchar *sdp, LineFunc func, const gchar *name, gboolean want_all,
    gchar **result, GError **error)
{
  Collector c = { .needed = TRUE, .want_all = want_all };
  g_autofree gchar *value = NULL;
  guint n_media = 0;
  gboolean good = for_each_line (sdp, func, &c, &n_media, error)
                  && end_of_section (&c, name, error);

  value = c.value;
  if (!good)
    return FALSE;
  if (!value)
    return bad_sdp (error, "it has no a=%s", name);
  *result = g_steal_pointer (&value);
  return TRUE;
}

/*
 * vm_sdp_get_fingerprint:
 * @sdp: a session description as received; any string
 * @fingerprint: (out) (transfer full): 32 bytes in upper-case hexadecimal with
 *   colons between, 95 characters
 * @error: #VM_ERROR_BAD_MESSAGE when @sdp is longer than 64 KiB, is no SDP, or
 *   does not say exactly one SHA-256 fingerprint
 *
 * Reads the one certificate fingerprint of @sdp (RFC 8122 §5). It may stand at
 * the session, at each m-line, or both, but is the same wherever it stands; at
 * most once in a section, and every m-line that takes part (its port is not 0,
 * or it is bundle-only) is covered. Another hash algorithm is refused.
 *
 * Returns: %TRUE with @fingerprint, or %FALSE with @error
 *
 * Since: 0.1
 */
gboolean
vm_sdp_get_fingerprint (const gchar *sdp, gchar **fingerprint, GError **error)
{
  g_return_val_if_fail (sdp != NULL, FALSE);
  g_return_val_if_fail (fingerprint != NULL, FALSE);

  return collect (
      sdp, fingerprint_line, "fingerprint", TRUE, fingerprint, error);
}

/*
 * vm_sdp_get_ice_ufrag:
 * @sdp: a session description as received; any string
 * @ufrag: (out) (transfer full): 4 to 256 letters, digits, `+` and `/`
 * @error: #VM_ERROR_BAD_MESSAGE when @sdp is longer than 64 KiB, is no SDP, or
 *   does not say exactly one user name
 *
 * Reads the ICE user name fragment of @sdp (RFC 8839 §5.4). All media are
 * bundled, so there is one; bundled m-lines may leave it out.
 *
 * Returns: %TRUE with @ufrag, or %FALSE with @error
 *
 * Since: 0.1
 */
gboolean
vm_sdp_get_ice_ufrag (const gchar *sdp, gchar **ufrag, GError **error)
{
  g_return_val_if_fail (sdp != NULL, FALSE);
  g_return_val_if_fail (ufrag != NULL, FALSE);

  return collect (sdp, ufrag_line, "ice-ufrag", FALSE, ufrag, error);
}

/* --- what others write --- */

/* RFC 8122 §5, the first is preferred. MD2 and MD5 are of that set too, and by
 * the same section nothing is verified by them. */
static const struct
{
  const gchar *name;
  gsize size; /* bytes */
  const EVP_MD *(*get) (void);
} hashes[] = {
  { "sha-256", 32, EVP_sha256 },
  { "sha-384", 48, EVP_sha384 },
  { "sha-512", 64, EVP_sha512 },
  { "sha-224", 28, EVP_sha224 },
  { "sha-1", 20, EVP_sha1 },
};

typedef struct
{
  guint media; /* counts from 1 */
  GPtrArray *session, *section; /* "sha-256 AA:BB…" */
} Lister;

static gint
find_hash (const gchar *value, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS (hashes); i++) {
    gsize n = strlen (hashes[i].name);

    if (length > n && value[n] == ' '
        && g_ascii_strncasecmp (value, hashes[i].name, n) == 0)
      return i;
  }
  return -1;
}

static gboolean
is_hex_of (const gchar *text, gsize length, gsize bytes)
{
  if (length != bytes * 3 - 1)
    return FALSE;
  for (gsize i = 0; i < length; i++) {
    if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit (text[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
list_line (const gchar *line, gsize length, guint section, gpointer user_data,
    GError **error)
{
  Lister *lister = user_data;
  GPtrArray *list = section ? lister->section : lister->session;
  gsize n = 0;
  const gchar *value = attribute_value (line, length, "fingerprint", &n);
  g_autofree gchar *upper = NULL;
  gint hash;

  if (!value || (section && section != lister->media))
    return TRUE;
  hash = find_hash (value, n);
  if (hash < 0)
    return TRUE;
  value += strlen (hashes[hash].name) + 1;
  n -= strlen (hashes[hash].name) + 1;
  if (!is_hex_of (value, n, hashes[hash].size))
    return bad_sdp (error, "a=fingerprint:%s is not %" G_GSIZE_FORMAT " bytes",
        hashes[hash].name, hashes[hash].size);
  if (list->len >= FINGERPRINTS_MAX)
    return bad_sdp (
        error, "more than %d a=fingerprint lines", FINGERPRINTS_MAX);
  upper = g_ascii_strup (value, n);
  g_ptr_array_add (list, g_strconcat (hashes[hash].name, " ", upper, NULL));
  return TRUE;
}

/* Of @list, those of the hash that is preferred among them. */
static gchar **
choose_hash (const GPtrArray *list)
{
  g_autoptr (GStrvBuilder) chosen = g_strv_builder_new ();
  gint best = G_MAXINT;

  for (guint i = 0; i < list->len; i++) {
    const gchar *text = list->pdata[i];

    best = MIN (best, find_hash (text, strlen (text)));
  }
  for (guint i = 0; i < list->len; i++) {
    const gchar *text = list->pdata[i];

    if (find_hash (text, strlen (text)) == best)
      g_strv_builder_add (chosen, text);
  }
  return g_strv_builder_end (chosen);
}

/*
 * vm_sdp_list_fingerprints:
 * @sdp: a session description as received; any string
 * @media: which m-line, from 0
 * @fingerprints: (out) (transfer full) (array zero-terminated=1): each the name
 *   of a hash function in lower case, a blank, and the bytes in upper-case
 *   hexadecimal with colons between
 * @error: #VM_ERROR_BAD_MESSAGE when @sdp is longer than 64 KiB, is no SDP, has
 *   no such m-line, or says no fingerprint of it that can be checked
 *
 * Reads which certificates may be presented for one m-line (RFC 8122 §5): what
 * stands at the m-line, else what stands at the session. A description may say
 * the same certificate by several hash functions, in any order, and several
 * certificates by each. Those by SHA-256 are taken; without one those by
 * SHA-384, SHA-512, SHA-224 or SHA-1, the first of these that is there. Other
 * functions are passed over.
 *
 * Returns: %TRUE with at least one in @fingerprints, all by the same hash
 *   function, or %FALSE with @error
 *
 * Since: 0.1
 */
gboolean
vm_sdp_list_fingerprints (
    const gchar *sdp, guint media, gchar ***fingerprints, GError **error)
{
  g_autoptr (GPtrArray) session = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) section = g_ptr_array_new_with_free_func (g_free);
  Lister lister = { .session = session, .section = section };
  guint n_media = 0;

  g_return_val_if_fail (sdp != NULL, FALSE);
  g_return_val_if_fail (fingerprints != NULL, FALSE);
  g_return_val_if_fail (media < G_MAXUINT, FALSE);

  lister.media = media + 1;
  if (!for_each_line (sdp, list_line, &lister, &n_media, error))
    return FALSE;
  if (media >= n_media)
    return bad_sdp (error, "it has no media %u", media);
  if (!section->len && !session->len)
    return bad_sdp (error,
        "media %u has no a=fingerprint by a hash function that is known",
        media);
  *fingerprints = choose_hash (section->len ? section : session);
  return TRUE;
}

static gboolean
fingerprint_is (const gchar *fingerprint, const guint8 *der, gsize size)
{
  gint hash = find_hash (fingerprint, strlen (fingerprint));
  guint8 digest[EVP_MAX_MD_SIZE];
  guint n = 0;
  g_autoptr (GString) text = NULL;

  if (hash < 0
      || !EVP_Digest (der, size, digest, &n, hashes[hash].get (), NULL))
    return FALSE;
  text = g_string_new (hashes[hash].name);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%c%02X", i ? ':' : ' ', digest[i]);
  return strcmp (text->str, fingerprint) == 0;
}

/*
 * vm_sdp_fingerprints_match:
 * @fingerprints: (array zero-terminated=1): what vm_sdp_list_fingerprints()
 *   gave
 * @der: (array length=size): a certificate in DER
 * @size: its bytes
 *
 * Whether @der is one of the certificates that a description names.
 *
 * Returns: %TRUE if it is
 *
 * Since: 0.1
 */
gboolean
vm_sdp_fingerprints_match (
    const gchar *const *fingerprints, const guint8 *der, gsize size)
{
  g_return_val_if_fail (fingerprints != NULL, FALSE);
  g_return_val_if_fail (der != NULL, FALSE);

  for (guint i = 0; fingerprints[i]; i++) {
    if (fingerprint_is (fingerprints[i], der, size))
      return TRUE;
  }
  return FALSE;
}
