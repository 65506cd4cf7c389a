/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server's table of routes: which path goes to which of them, and to no
 * other that begins alike. */

#include "program.h"

#include <gst/videomeet/server/http/routes.h>
#include <gst/videomeet/server/server-priv.h>

typedef const VmRoute *(*Find) (VmConn *conn);

static const struct
{
  Find find;
  const gchar *path;
  const gchar *route; /* NULL: nothing is there */
} cases[] = {
  { vm_route_find_get, "/status", "/status" },
  { vm_route_find_get, "/status/", "*" },
  { vm_route_find_get, "/", "*" },
  { vm_route_find_get, "/index.html", "*" },
  { vm_route_find_get, "/socket.io/", "/socket.io/" },
  { vm_route_find_get, "/socket.io", "/socket.io" },
  { vm_route_find_get, "/socket.io/socket.io.js", "*" },
  { vm_route_find_get, "/trust/request/1", "/trust/*" },
  /* of a POST: a GET is the next one's */
  { vm_route_find_get, "/trust/page", "/trust/*" },
  { vm_route_find_get, "/meetings/join", "*" },
  { vm_route_find_get, "/meetings/people", "/meetings/people" },
  { vm_route_find_get, "/v2/sessions", "/v2/*" },
  { vm_route_find_get, "/v2", "*" },
  { vm_route_find_get, "/v20/", "*" },
  { vm_route_find_post, "/meetings/join", "/meetings/join" },
  { vm_route_find_post, "/meetings/guest", "/meetings/guest" },
  { vm_route_find_post, "/meetings/", NULL },
  { vm_route_find_post, "/transfers", "/transfers" },
  { vm_route_find_post, "/transfer", NULL },
  { vm_route_find_post, "/socket.io/", "/socket.io/" },
  { vm_route_find_post, "/trust/page", "/trust/page" },
  { vm_route_find_post, "/trust/page/answer", "/trust/page/*" },
  { vm_route_find_post, "/trust/pages", "/trust/*" },
  { vm_route_find_post, "/trust/request", "/trust/*" },
  { vm_route_find_post, "/trust", NULL },
  { vm_route_find_post, "/v2/sessions", "/v2/sessions" },
  { vm_route_find_post, "/v2/rooms", "/v2/*" },
  { vm_route_find_post, "/status", NULL },
  { vm_route_find_post, "/", NULL },
  { vm_route_find_upgrade, "/ws", "/ws" },
  { vm_route_find_upgrade, "/", "/" },
  { vm_route_find_upgrade, "/v2/ws", "/v2/ws" },
  { vm_route_find_upgrade, "/transfer", "/transfer" },
  { vm_route_find_upgrade, "/socket.io/", "/socket.io/" },
  { vm_route_find_upgrade, "/status", NULL },
  { vm_route_find_upgrade, "/v2/rooms", NULL },
  { vm_route_find_upgrade, "", NULL },
};

GST_START_TEST (test_paths)
{
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autoptr (VmServer) server = vm_server_new (identity);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmRequest request = { .path = (gchar *) cases[i].path };
    VmConn conn = { .server = server, .request = &request };
    const VmRoute *route = cases[i].find (&conn);

    g_assert_cmpstr (route ? route->path : NULL, ==, cases[i].route);
  }
}

GST_END_TEST;

/* A request line without a path that can be read. */
GST_START_TEST (test_no_path)
{
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autoptr (VmServer) server = vm_server_new (identity);
  VmRequest request = { .path = NULL };
  VmConn conn = { .server = server, .request = &request };

  fail_if (vm_route_find_get (&conn));
  fail_if (vm_route_find_post (&conn));
  fail_if (vm_route_find_upgrade (&conn));
}

GST_END_TEST;

static Suite *
routes_suite (void)
{
  Suite *suite = suite_create ("routes");
  TCase *tests = tcase_create ("table");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_paths);
  tcase_add_test (tests, test_no_path);
  return suite;
}

CHECK_PROGRAM (routes)
