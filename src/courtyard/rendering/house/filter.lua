-- What no converted document has: images from anywhere, markup of another language, links that run or open files.
-- And its title: what the caller or the document says, else a heading at its very beginning.

local titled = FORMAT:match("typst") or FORMAT:match("html") or FORMAT:match("docx")
local known = {}

local function allowed(target)
  local scheme = target:match("^%s*([%w+.-]+):")
  if scheme == nil then
    return target:sub(1, 1) == "#" and known[target:sub(2)]
  end
  scheme = scheme:lower()
  return scheme == "http" or scheme == "https" or scheme == "mailto"
end

-- Attributes can hold code of the target (`typst:text:fill`) or styles; tables keep none, other things lose their shell.
local function bare(rows)
  for _, row in ipairs(rows) do
    row.attr = pandoc.Attr()
    for _, cell in ipairs(row.cells) do
      cell.attr = pandoc.Attr()
    end
  end
end

local safe = {
  Image = function(image)
    local words = pandoc.utils.stringify(image.caption)
    return pandoc.Emph({ pandoc.Str(words ~= "" and "[Image: " .. words .. "]" or "[Image]") })
  end,
  Link = function(link)
    if not allowed(link.target) then
      return link.content
    end
    link.attr = pandoc.Attr()
    return link
  end,
  RawInline = function() return {} end,
  RawBlock = function() return {} end,
  Span = function(span) return span.content end,
  Div = function(div) return div.content end,
  Figure = function(figure) return figure.content end,
  Code = function(code) return pandoc.Code(code.text) end,
  CodeBlock = function(code)
    local language = code.classes[1] or ""
    return pandoc.CodeBlock(code.text, pandoc.Attr("", language:match("^[%w+#-]+$") and { language } or {}))
  end,
  Header = function(header)
    header.attr = pandoc.Attr(header.identifier)
    return header
  end,
  Table = function(found)
    found.attr = pandoc.Attr()
    -- Without a side a cell would stand in the middle.
    found.colspecs = found.colspecs:map(function(column)
      return { column[1] == pandoc.AlignDefault and pandoc.AlignLeft or column[1], column[2] }
    end)
    bare(found.head.rows)
    bare(found.foot.rows)
    for _, body in ipairs(found.bodies) do
      bare(body.head)
      bare(body.body)
    end
    return found
  end,
}

local function words(value)
  if value == nil then
    return nil
  end
  if pandoc.utils.type(value) == "List" then
    local parts = {}
    for _, each in ipairs(value) do
      parts[#parts + 1] = pandoc.utils.stringify(each)
    end
    return table.concat(parts, ", ")
  end
  local said = pandoc.utils.stringify(value)
  return said ~= "" and said or nil
end

function Pandoc(document)
  document:walk({ Header = function(header) known[header.identifier] = header.identifier ~= "" end })
  local meta = document.meta
  local given = { pagetitle = words(meta.pagetitle), title = words(meta.title), author = words(meta.author), date = words(meta.date) }
  document.meta = {}
  document = document:walk(safe)
  local first = document.blocks[1]
  if titled and first and first.t == "Header" and first.level == 1 then
    local heading = pandoc.utils.stringify(first.content)
    if given.title == nil or given.title == heading then
      given.title = heading
      document.blocks:remove(1)
    end
  end
  if not titled and given.title then
    if not (first and first.t == "Header" and pandoc.utils.stringify(first.content) == given.title) then
      document.blocks:insert(1, pandoc.Header(1, { pandoc.Str(given.title) }))
    end
  end
  given.pagetitle = given.title or given.pagetitle
  if FORMAT:match("typst") then
    local facts = io.open("facts.json", "w")
    facts:write(pandoc.json.encode(given))
    facts:close()
  elseif titled then
    document.meta = given
  end
  return document
end
