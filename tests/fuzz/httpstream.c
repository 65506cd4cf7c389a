/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzkeys.h"
#include <gst/videomeet/base/limits.h>
#include <gst/videomeet/server/server.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVIL "https://evil.example"
#define ADDRESSES 200 /* of loopback */
#define SECONDS 20 /* for an answer; beyond, the server hangs */
#define ANSWERS_MAX (16 * 1024 * 1024) /* bytes */

/* The other reading of the stream: one expression for a head. */
#define TOKEN "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
#define TEXT "[\\t\\x20-\\x7e\\x80-\\xff]*"
#define ESCAPE "%(?!0[0aAdD])[0-9A-Fa-f]{2}"
#define HEAD                                                               \
  "(" TOKEN ") (/(?:" ESCAPE "|[\\x21\\x22\\x24\\x26-\\x7e\\x80-\\xff])*)" \
  " HTTP/1\\.([01])\\r\\n((?:" TOKEN ":" TEXT "\\r\\n)*)\\r\\n"

/* What one request is answered by. */
typedef struct
{
  gboolean is_head;
  guint status; /* the only right one; 0: any */
  gboolean refused; /* the status is one of an error */
  gboolean last; /* the server closes, or what follows is no request */
  gboolean optional; /* it may be without an answer */
} Wanted;

static VmServer *server;

static GRegex *
make_regex (const gchar *pattern)
{
  g_autoptr (GError) error = NULL;
  GRegex *regex = g_regex_new (pattern,
      G_REGEX_RAW | G_REGEX_ANCHORED | G_REGEX_OPTIMIZE
          | G_REGEX_DOLLAR_ENDONLY,
      0, &error);

  g_assert_no_error (error);
  return regex;
}

/* The values of the fields @name, or NULL; @count of them. */
static gchar *
get_field (const gchar *fields, const gchar *name, guint *count)
{
  g_auto (GStrv) lines = g_strsplit (fields, "\r\n", -1);
  gchar *value = NULL;

  *count = 0;
  for (guint i = 0; lines[i]; i++) {
    gchar *colon = strchr (lines[i], ':');

    if (!colon)
      continue;
    *colon = '\0';
    if (g_ascii_strcasecmp (lines[i], name) != 0)
      continue;
    (*count)++;
    if (!value)
      value = g_strdup (g_strstrip (colon + 1));
  }
  return value;
}

static gboolean
lists (const gchar *fields, const gchar *name, const gchar *token)
{
  g_auto (GStrv) lines = g_strsplit (fields, "\r\n", -1);

  for (guint i = 0; lines[i]; i++) {
    gchar *colon = strchr (lines[i], ':');
    g_auto (GStrv) items = NULL;

    if (!colon)
      continue;
    *colon = '\0';
    if (g_ascii_strcasecmp (lines[i], name) != 0)
      continue;
    items = g_strsplit (colon + 1, ",", -1);
    for (guint j = 0; items[j]; j++) {
      if (g_ascii_strcasecmp (g_strstrip (items[j]), token) == 0)
        return TRUE;
    }
  }
  return FALSE;
}

static gboolean
has_double (const gchar *fields)
{
  static const gchar *const single[] = { "host", "origin", "content-length",
    "transfer-encoding", "authorization", "content-type", "referer",
    "sec-fetch-site", "sec-websocket-key", "sec-websocket-version" };

  for (guint i = 0; i < G_N_ELEMENTS (single); i++) {
    guint count;

    g_free (get_field (fields, single[i], &count));
    if (count > 1)
      return TRUE;
  }
  return FALSE;
}

/* Of a request whose framing is known: who asks. */
static void
judge_caller (const gchar *fields, Wanted *wanted)
{
  guint hosts, origins;
  g_autofree gchar *host = get_field (fields, "host", &hosts);
  g_autofree gchar *origin = get_field (fields, "origin", &origins);

  if (g_strcmp0 (host, "localhost") == 0) {
    if (g_strcmp0 (origin, EVIL) == 0)
      wanted->status = 403;
  } else if (!host || g_str_has_suffix (host, "evil.example")) {
    wanted->status = 421;
  } else {
    wanted->refused = g_strcmp0 (origin, EVIL) == 0;
  }
}

/* The request at @at of @size bytes; *@used of them are its own. FALSE: there
 * is none. */
static gboolean
judge (const gchar *at, gsize size, Wanted *wanted, gsize *used)
{
  static GRegex *regex;
  g_autoptr (GMatchInfo) info = NULL;
  g_autofree gchar *method = NULL;
  g_autofree gchar *target = NULL;
  g_autofree gchar *minor = NULL;
  g_autofree gchar *fields = NULL;
  g_autofree gchar *length = NULL;
  g_autofree gchar *coding = NULL;
  g_autofree gchar *upgrade = NULL;
  guint lengths, codings, upgrades;
  gint end;
  guint64 body = 0;
  gboolean number;

  memset (wanted, 0, sizeof *wanted);
  if (!regex)
    regex = make_regex (HEAD);
  if (!size)
    return FALSE;
  if (!g_regex_match_full (
          regex, at, MIN (size, VM_HTTP_HEADER_MAX), 0, 0, &info, NULL)) {
    const gchar *line = g_strrstr_len (at, size, "\n");
    gsize whole = line ? line + 1 - at : 0;
    g_autoptr (GMatchInfo) rest = NULL;
    g_autoptr (GMatchInfo) ended = NULL;

    wanted->last = TRUE;
    wanted->refused = TRUE;
    if (size >= VM_HTTP_HEADER_MAX)
      return TRUE;
    wanted->status = 400;
    g_regex_match_full (
        regex, at, size, 0, G_REGEX_MATCH_PARTIAL_SOFT, &rest, NULL);
    if (g_match_info_is_partial_match (rest))
      return FALSE; /* its end has not come */
    /* a line is judged at its end, at the latest */
    if (whole)
      g_regex_match_full (
          regex, at, whole, 0, G_REGEX_MATCH_PARTIAL_SOFT, &ended, NULL);
    wanted->optional = !whole || g_match_info_is_partial_match (ended);
    return TRUE;
  }
  method = g_match_info_fetch (info, 1);
  target = g_match_info_fetch (info, 2);
  minor = g_match_info_fetch (info, 3);
  fields = g_match_info_fetch (info, 4);
  g_match_info_fetch_pos (info, 0, NULL, &end);
  *used = end;
  wanted->is_head = strcmp (method, "HEAD") == 0 && !has_double (fields);
  wanted->last =
      lists (fields, "connection", "close")
      || (*minor == '0' && !lists (fields, "connection", "keep-alive"));
  length = get_field (fields, "content-length", &lengths);
  coding = get_field (fields, "transfer-encoding", &codings);
  number =
      length && *length && strspn (length, "0123456789") == strlen (length)
      && g_ascii_string_to_unsigned (length, 10, 0, G_MAXINT64, &body, NULL);
  if (has_double (fields) || (codings && lengths)
      || (lengths && !codings && !number)) {
    wanted->status = 400;
    wanted->last = TRUE;
    return TRUE;
  }
  if (codings) {
    wanted->status = 411;
    wanted->last = TRUE;
    return TRUE;
  }
  judge_caller (fields, wanted);
  upgrade = get_field (fields, "upgrade", &upgrades);
  if (upgrade) {
    wanted->refused = wanted->refused || body;
    wanted->last = TRUE;
    return TRUE;
  }
  if (strcmp (method, "POST") != 0) {
    wanted->refused = wanted->refused || body
                      || (strcmp (method, "GET") && strcmp (method, "HEAD")
                          && strcmp (method, "OPTIONS"));
    wanted->last = wanted->last || body;
    return TRUE;
  }
  if (!length || body > VM_HTTP_DISCARD_MAX) {
    wanted->refused = TRUE;
    wanted->last = TRUE;
    return TRUE;
  }
  if (body > size - *used)
    return FALSE;
  *used += body;
  return TRUE;
}

/* A poll, and what waits for a person, need not be answered while the client
 * listens. */
static gboolean
may_wait (const gchar *at, gsize size)
{
  return g_strstr_len (at, size, "socket.io")
         || g_strstr_len (at, size, "trust") || g_strstr_len (at, size, "/v2")
         || g_strstr_len (at, size, "%");
}

static int
open_connection (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
    .sin_port = htons (vm_server_get_port (server)) };
  struct timeval time = { .tv_sec = SECONDS };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* one address has too few ports for all that wait for their end */
  static guint count;
  struct sockaddr_in own = { .sin_family = AF_INET,
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK + count++ % ADDRESSES) };
  gboolean failed;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &own, sizeof own), ==, 0);
  /* libFuzzer has a timer that interrupts */
  do {
    failed = connect (fd, (struct sockaddr *) &address, sizeof address) != 0;
  } while (failed && (errno == EINTR || errno == EALREADY));
  if (failed && errno != EISCONN)
    g_error ("connect: %s", g_strerror (errno));
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  return fd;
}

/* Sends @data in pieces whose sizes @step says; all that comes back. */
static GByteArray *
exchange (const gchar *data, gsize size, guint step)
{
  int fd = open_connection ();
  GByteArray *answers = g_byte_array_new ();
  guint8 buffer[16384];
  gssize got;

  for (gsize at = 0; at < size;) {
    gsize piece = MIN (step ? step : size, size - at);
    gssize sent =
        TEMP_FAILURE_RETRY (send (fd, data + at, piece, MSG_NOSIGNAL));

    if (sent <= 0)
      break;
    at += sent;
    step += step ? at % 7 : 0;
  }
  shutdown (fd, SHUT_WR);
  while ((got = TEMP_FAILURE_RETRY (recv (fd, buffer, sizeof buffer, 0))) > 0) {
    g_byte_array_append (answers, buffer, got);
    g_assert_cmpuint (answers->len, <, ANSWERS_MAX);
  }
  g_assert_true (got == 0 || errno == ECONNRESET);
  close (fd);
  g_byte_array_append (answers, (const guint8 *) "", 1);
  return answers;
}

/* The status of the answer at *@at, which goes on behind it; 0: there is
 * none. */
static guint
next_answer (const gchar **at, const gchar *end, gboolean of_head)
{
  const gchar *rest = g_strstr_len (*at, end - *at, "\r\n\r\n"), *length;
  guint status;

  if (*at == end)
    return 0;
  g_assert_nonnull (rest);
  g_assert_true (g_str_has_prefix (*at, "HTTP/1.1 "));
  status = atoi (*at + strlen ("HTTP/1.1 "));
  g_assert_cmpuint (status, >=, 101);
  length = g_strstr_len (*at, rest - *at, "\r\ncontent-length: ");
  g_assert_true (length || status == 101);
  *at = rest + 4;
  if (status == 101)
    *at = end;
  else if (!of_head)
    *at += atoi (length + strlen ("\r\ncontent-length: "));
  g_assert_true (*at <= end);
  return status;
}

static void
check (const gchar *data, gsize size, const GByteArray *answers)
{
  const gchar *at = (const gchar *) answers->data;
  const gchar *end = at + answers->len - 1;
  Wanted wanted;
  gsize used = 0;

  while (judge (data, size, &wanted, &used)) {
    guint status = next_answer (&at, end, wanted.is_head);

    if (!status) {
      g_assert_true (wanted.optional || may_wait (data, size));
      return;
    }
    if (wanted.status)
      g_assert_cmpuint (status, ==, wanted.status);
    if (wanted.refused)
      g_assert_cmpuint (status, >=, 400);
    if (wanted.last)
      break;
    data += used;
    size -= used;
  }
  g_assert_true (at == end);
}

static void
start (void)
{
  VmServerConfig config = { .loopback_only = TRUE, .open_rooms = TRUE };
  g_autoptr (GError) error = NULL;

  server = vm_server_new (fuzz_identity (0));
  vm_server_start (server, &config, &error);
  g_assert_no_error (error);
}

/* Requests on one connection: the first byte says into which pieces they are
 * split. The answers are those to the requests that a second reading finds, in
 * number and kind: none comes out of a body, and no field is lost. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) answers = NULL;

  if (!server)
    start ();
  if (size < 2)
    return;
  answers = exchange ((const gchar *) data + 1, size - 1, *data);
  check ((const gchar *) data + 1, size - 1, answers);
}
