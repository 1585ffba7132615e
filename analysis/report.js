/* A table is sorted by the column whose title is clicked: numbers by value, empty cells last. */
for (const table of document.querySelectorAll('table.sortable')) {
  const titles = table.tHead.rows[0].cells
  const number = cell => parseFloat(cell.textContent.replace(/,/g, '').replace('< ', ''))
  for (const title of titles) {
    title.className += ' sorts'
    title.onclick = () => {
      const column = title.cellIndex, sign = title.ariaSort === 'ascending' ? -1 : 1
      const rows = [...table.tBodies[0].rows].map(row => ({ row, text: row.cells[column].textContent, value: number(row.cells[column]) }))
      const numeric = rows.some(r => !isNaN(r.value)) && title.classList.contains('n') || table.classList.contains('heat')
      rows.sort((a, b) => numeric ? isNaN(a.value) - isNaN(b.value) || sign * (a.value - b.value) : sign * a.text.localeCompare(b.text))
      for (const other of titles) other.ariaSort = null
      title.ariaSort = sign > 0 ? 'ascending' : 'descending'
      table.tBodies[0].append(...rows.map(r => r.row))
    }
  }
}
