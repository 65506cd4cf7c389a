/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/http/routes.h"
#include "server/http/approval.h"
#include "server/http/files.h"
#include "server/http/guestjoin.h"
#include "server/http/join.h"
#include "server/http/status.h"
#include "server/http/trust.h"
#include "server/server-priv.h"

#include <string.h>

/* Behind those of the protocols. */
static const VmRoute own_routes[] = {
  { .path = "/status", .get = vm_http_get_status },
  { .path = "/meetings/people", .get = vm_http_get_people },
  { .path = "/healthz", .get = vm_http_get_health },
  { .path = "/metrics", .get = vm_http_get_metrics },
  { .path = "/meetings/join", .post = vm_http_post_join },
  { .path = "/meetings/guest", .post = vm_http_post_guest },
  { .path = "/trust/page", .post = vm_http_post_approval },
  { .path = "/trust/page/*", .post = vm_http_post_approval },
  { .path = "/trust/*", .get = vm_http_ask_trust, .post = vm_http_ask_trust },
  { .path = "*", .get = vm_http_get_file },
  { NULL },
};

typedef enum
{
  GET,
  POST,
  UPGRADE,
} Method;

static gboolean
has_method (const VmRoute *route, Method method)
{
  switch (method) {
    case GET:
      return route->get != NULL;
    case POST:
      return route->post != NULL;
    default:
      return route->upgrade != NULL;
  }
}

static gboolean
has_path (const VmRoute *route, const gchar *path)
{
  gsize size = strlen (route->path);

  return route->path[size - 1] == '*'
             ? strncmp (path, route->path, size - 1) == 0
             : strcmp (path, route->path) == 0;
}

/* The first that fits, from @route on, or NULL. */
static const VmRoute *
find_from (const VmRoute *route, const gchar *path, Method method)
{
  for (; route && route->path; route++) {
    if (has_method (route, method) && has_path (route, path))
      return route;
  }
  return NULL;
}

static const VmRoute *
find (VmConn *conn, Method method)
{
  const VmServerProtocol *const *protocols = conn->server->protocols;
  const gchar *path = conn->request->path;
  const VmRoute *found = NULL;

  if (!path)
    return NULL;
  for (guint i = 0; protocols[i] && !found; i++)
    found = find_from (protocols[i]->routes, path, method);
  return found ? found : find_from (own_routes, path, method);
}

const VmRoute *
vm_route_find_get (VmConn *conn)
{
  return find (conn, GET);
}

const VmRoute *
vm_route_find_post (VmConn *conn)
{
  return find (conn, POST);
}

const VmRoute *
vm_route_find_upgrade (VmConn *conn)
{
  return find (conn, UPGRADE);
}

/* Whether one of @route, or of those behind it, takes the URL. */
static gboolean
upgrade_by (VmConn *conn, const VmRoute *route, GError **error)
{
  const gchar *path = conn->request->path;

  while ((route = find_from (route, path, UPGRADE))) {
    if (route->upgrade (conn, error))
      return TRUE;
    route++;
  }
  return FALSE;
}

void
vm_route_upgrade (VmConn *conn, GError **error)
{
  VmServer *self = conn->server;
  const VmRoute *first = conn->request->route;

  /* where nothing begins anew, somebody who is inside may come back, or go on
   * by another way, until the seats go */
  if (self->stopping || (self->draining && first && first->begins)) {
    vm_rooms_refuse_closing (error);
    return;
  }
  for (guint i = 0; self->protocols[i]; i++) {
    if (upgrade_by (conn, self->protocols[i]->routes, error)) {
      conn->request->subprotocol = self->protocols[i]->subprotocol;
      return;
    }
  }
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
      "There is no WebSocket at this address");
}
