/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The page: the files under one folder, and nothing beside them. */

#include "server/http/files.h"
#include "base/limits.h"
#include "server/http/response.h"
#include "server/http/samesite.h"
#include "server/server-priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TERMINAL_PAGE "/term.html"
/* The page reads it, and joins nothing by itself (page.md#without-a-click). */
#define CROSS_SITE "server-timing: cross-site"

static const gchar *
type_of (const gchar *path)
{
  static const gchar *const types[][2] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".mjs", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".json", "application/json" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".ico", "image/x-icon" },
    { ".woff2", "font/woff2" },
    { ".txt", "text/plain; charset=utf-8" },
    { ".webmanifest", "application/manifest+json" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_str_has_suffix (path, types[i][0]))
      return types[i][1];
  }
  return NULL;
}

/* Names of one part: no dot first, so neither "..", nor ".", nor hidden files;
 * no separators of any system. */
static gboolean
is_plain_path (const gchar *path)
{
  g_auto (GStrv) parts = NULL;

  if (*path != '/' || strpbrk (path, "\\:%"))
    return FALSE;
  parts = g_strsplit (path + 1, "/", 0);
  for (guint i = 0; parts[i]; i++) {
    if (!*parts[i] || *parts[i] == '.')
      return FALSE;
  }
  return TRUE;
}

/* The file of a request's path under @root, a canonical folder; NULL when there
 * is none, it is of no type a page has, or a link leads out of the folder. */
GBytes *
vm_web_read (const gchar *root, const gchar *path, const gchar **type)
{
  g_autofree gchar *joined = NULL;
  gchar *resolved, *data = NULL;
  gsize size = 0;
  struct stat st;

  if (strcmp (path, "/") == 0)
    path = "/index.html";
  *type = type_of (path);
  if (!root || !*type || !is_plain_path (path))
    return NULL;
  joined = g_strconcat (root, path, NULL);
  resolved = realpath (joined, NULL);
  if (resolved && g_str_has_prefix (resolved, root)
      && resolved[strlen (root)] == '/' && stat (resolved, &st) == 0
      && S_ISREG (st.st_mode) && st.st_size <= VM_FILE_SERVED_MAX
      && !g_file_get_contents (resolved, &data, &size, NULL))
    data = NULL;
  free (resolved);
  return data ? g_bytes_new_take (data, size) : NULL;
}

int
vm_http_get_file (VmConn *conn)
{
  const gchar *type = NULL;
  g_autoptr (GBytes) body =
      vm_web_read (conn->server->web_root, conn->request->path, &type);

  if (!body)
    return vm_http_reply_not_found (conn);
  if (strcmp (conn->request->path, TERMINAL_PAGE) == 0)
    conn->request->policy = VM_HTTP_POLICY_TERMINAL;
  return vm_http_reply (conn, 200, type,
      vm_http_is_same_site (conn) ? NULL : CROSS_SITE, body, FALSE);
}
