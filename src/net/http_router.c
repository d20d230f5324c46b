#include "net/http_router.h"

#include "net/http_check.h"

struct node {
    yh_str segment; /* of the literal that leads here */
    struct node *literals; /* children */
    struct node *next;     /* sibling */
    struct node *param;    /* child for {name} */
    const struct http_route *by_method[HTTP_METHODS];
};

struct http_router {
    struct yh_arena arena;
    struct node root;
};

yh_err http_router_new(struct http_router **ret)
{
    struct http_router *r = calloc(1, sizeof *r);
    if (!r)
        return yh_fail(YH_E_NO_MEMORY, "no memory for routes");
    r->arena = yh_arena_make(4u << 20);
    *ret = r;
    return YH_OK;
}

void http_router_free(struct http_router *r)
{
    if (!r)
        return;
    yh_arena_done(&r->arena);
    free(r);
}

static bool is_param(yh_str segment)
{
    return segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
}

static struct node *literal_child(const struct node *n, yh_str segment)
{
    for (struct node *c = n->literals; c; c = c->next)
        if (yh_str_eq(c->segment, segment))
            return c;
    return NULL;
}

static struct node *grow(struct http_router *r, struct node *n, yh_str segment)
{
    if (is_param(segment)) {
        if (!n->param)
            n->param = YH_NEW(&r->arena, struct node);
        return n->param;
    }
    struct node *child = literal_child(n, segment);
    if (child)
        return child;
    child = YH_NEW(&r->arena, struct node);
    if (!child)
        return NULL;
    child->segment = segment;
    child->next = n->literals;
    n->literals = child;
    return child;
}

yh_err http_router_add(struct http_router *r, const struct http_route *route)
{
    yh_str rest = yh_str_of(route->path);
    if (!yh_str_starts(rest, YH_S("/")) || rest.n < 2)
        return yh_fail(YH_E_INVALID, "route %s does not start with /", route->path);
    rest = yh_str_sub(rest, 1, rest.n);
    struct node *n = &r->root;
    yh_str segment;
    size_t segments = 0, params = 0;
    while (yh_str_split(&rest, '/', &segment)) {
        params += is_param(segment);
        if (segment.n == 0 || ++segments > HTTP_SEGMENTS_MAX || params > HTTP_PATH_PARAMS_MAX)
            return yh_fail(YH_E_INVALID, "route %s has an empty segment or too many", route->path);
        n = grow(r, n, segment);
        if (!n)
            return yh_fail(YH_E_NO_MEMORY, "no memory for routes");
    }
    const struct http_route **place = &n->by_method[route->method];
    if (*place)
        return yh_fail(YH_E_CONFLICT, "route %s is there twice", route->path);
    *place = route;
    return YH_OK;
}

bool http_path_parse(struct yh_arena *arena, yh_str raw, struct http_path *ret)
{
    ret->n = 0;
    if (!yh_str_starts(raw, YH_S("/")))
        return false;
    yh_str rest = yh_str_sub(raw, 1, raw.n);
    bool more = true;
    while (more) {
        size_t slash = yh_str_find(rest, '/', 0);
        yh_str decoded;
        if (ret->n == HTTP_SEGMENTS_MAX
            || !http_decode(arena, yh_str_sub(rest, 0, slash), false, &decoded))
            return false;
        ret->segment[ret->n++] = decoded;
        more = slash < rest.n;
        rest = yh_str_sub(rest, slash + more, rest.n);
    }
    return true;
}

static bool has_route(const struct node *n)
{
    for (size_t i = 0; i < HTTP_METHODS; i++)
        if (n->by_method[i])
            return true;
    return false;
}

static bool find(const struct node *n, const struct http_path *path, size_t at, struct http_match *ret)
{
    if (at == path->n) {
        if (!has_route(n))
            return false;
        memcpy(ret->by_method, n->by_method, sizeof ret->by_method);
        return true;
    }
    yh_str segment = path->segment[at];
    const struct node *literal = literal_child(n, segment);
    if (literal && find(literal, path, at + 1, ret))
        return true;
    if (!n->param || segment.n == 0)
        return false;
    ret->param[ret->params++] = segment;
    if (find(n->param, path, at + 1, ret))
        return true;
    ret->params--;
    return false;
}

bool http_router_find(const struct http_router *r, const struct http_path *path, struct http_match *ret)
{
    *ret = (struct http_match){0};
    return find(&r->root, path, 0, ret);
}
